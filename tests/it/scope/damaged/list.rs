//! Generated lists of people, and the kinds of damage that a file may take in transit.

use std::collections::BTreeMap;

/// splitmix64: the same list for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }

    pub(super) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

const NAMES: [&str; 12] = [
    "Ann Lee",
    "Ann \"Bo\" Lee",
    "Doe, Jane",
    "Müller; Jürgen",
    "O'Hara",
    "王小明",
    "Zoë Ångström",
    "\"Bo\" Diddley",
    "Иван Петров",
    "a\tb",
    "",
    "Nguyễn Thị Minh Khai",
];
const ADDRESSES: [&str; 8] = [
    "1 High St",
    "1 High St\nLondon\nSW1A 1AA",
    "Flat 2, 9 Low Rd\r\nSpringfield, IL",
    "Postfach 12; 80331 München",
    "",
    "\"The Cottage\"\nMill Lane",
    "12 rue de l’Église\nBât. B, esc. 3\n75011 Paris",
    "Café 5",
];
const ELEMENTS: [&str; 4] = ["name", "name;ssn", "email;phone;dob", "payment_card"];
const FLAGS: [&str; 4] = ["", "", "minor", "hold;vulnerable"];

/// One person: what the file says in each column.
pub(super) type Person = BTreeMap<&'static str, String>;

/// A list in a dialect.
pub(super) struct List {
    pub(super) columns: Vec<&'static str>,
    pub(super) delimiter: u8,
    /// The line endings; several if the file mixes them.
    breaks: Vec<&'static [u8]>,
    quotes_all: bool,
    pub(super) people: Vec<Person>,
}

impl List {
    pub(super) fn new(dice: &mut Dice, people: usize) -> Self {
        let mut columns = vec!["reference", "elements"];
        for column in [
            "email",
            "name",
            "locale",
            "jurisdiction",
            "postcode",
            "flags",
            "address",
        ] {
            if dice.below(3) > 0 {
                columns.push(column);
            }
        }
        // Most exporters put the reference first.
        if dice.below(3) == 0 {
            dice.shuffle(&mut columns);
        } else {
            dice.shuffle(&mut columns[1..]);
        }
        let all: [&'static [u8]; 3] = [b"\n", b"\r\n", b"\r"];
        let breaks = match dice.below(5) {
            0 => all.to_vec(),
            1 | 2 => vec![all[1]],
            3 if dice.below(4) == 0 => vec![all[2]],
            _ => vec![all[0]],
        };
        let tabs = [b',', b';', b'\t'];
        Self {
            people: (0..people).map(|n| person(dice, n)).collect(),
            columns,
            delimiter: tabs[dice.below(tabs.len())],
            breaks,
            quotes_all: dice.below(4) == 0,
        }
    }

    pub(super) fn line_break(&self, dice: &mut Dice) -> &'static [u8] {
        self.breaks[dice.below(self.breaks.len())]
    }

    pub(super) fn header(&self) -> Vec<u8> {
        self.columns
            .join(&*char::from(self.delimiter).to_string())
            .into_bytes()
    }

    /// The cells of a person as they stand in the file, quotation marks included.
    pub(super) fn cells(&self, person: usize) -> Vec<Vec<u8>> {
        let cell = |column: &&str| {
            let text = &self.people[person][*column];
            let special = |c: char| c == char::from(self.delimiter) || matches!(c, '\r' | '\n');
            if self.quotes_all || text.starts_with('"') || text.contains(special) {
                format!("\"{}\"", text.replace('"', "\"\"")).into_bytes()
            } else {
                text.clone().into_bytes()
            }
        };
        self.columns.iter().map(cell).collect()
    }

    pub(super) fn row(&self, cells: &[Vec<u8>]) -> Vec<u8> {
        cells.join(&self.delimiter)
    }
}

fn person(dice: &mut Dice, n: usize) -> Person {
    // A tab is a control character in a name; only an address may have it.
    let name = dice.one(&NAMES).replace('\t', " ");
    BTreeMap::from([
        ("reference", format!("R-{n:04}")),
        ("elements", dice.one(&ELEMENTS).to_owned()),
        (
            "email",
            match dice.below(5) {
                0 => String::new(),
                _ => format!("p{n}@sundmere.example"),
            },
        ),
        ("name", name),
        (
            "locale",
            dice.one(&["", "en", "de-DE", "zh-Hant"]).to_owned(),
        ),
        ("jurisdiction", dice.one(&["", "US-CA", "DE"]).to_owned()),
        ("postcode", dice.one(&["", "80331", "SW1A 1AA"]).to_owned()),
        ("flags", dice.one(&FLAGS).to_owned()),
        ("address", dice.one(&ADDRESSES).to_owned()),
    ])
}

/// A part of a file: the octets of one row, or what damage left of one or more rows.
pub(super) struct Part {
    pub(super) octets: Vec<u8>,
    /// Its line break; empty at the end of a file that was cut off.
    pub(super) end: Vec<u8>,
    /// The person of the row, if the row is undamaged.
    pub(super) whole: Option<usize>,
}

/// The parts of a file, some of them damaged.
pub(super) fn damaged(list: &List, dice: &mut Dice) -> Vec<Part> {
    let mut parts = Vec::new();
    for person in 0..list.people.len() {
        parts.push(Part {
            octets: list.row(&list.cells(person)),
            end: list.line_break(dice).to_vec(),
            whole: Some(person),
        });
    }
    if dice.below(3) == 0 {
        parts.last_mut().unwrap().end.clear();
    }
    for _ in 0..1 + dice.below(8) {
        let at = dice.below(parts.len());
        harm(list, dice, &mut parts, at);
    }
    if dice.below(4) == 0 {
        cut(list, dice, &mut parts);
    }
    parts
}

fn harm(list: &List, dice: &mut Dice, parts: &mut Vec<Part>, at: usize) {
    let Some(person) = parts[at].whole else {
        return;
    };
    let mut cells = list.cells(person);
    let cell = dice.below(cells.len());
    let whole = list.row(&cells);
    let octets = match dice.below(12) {
        4 if at + 1 < parts.len() => {
            let next = parts.remove(at + 1);
            parts[at].end = next.end;
            [&whole[..], &next.octets].concat()
        }
        5 => {
            parts[at].end.extend_from_slice(list.line_break(dice));
            return;
        }
        9 => encoded(dice, &whole),
        how if change(list, dice, &mut cells, (cell, how)) => list.row(&cells),
        _ => return,
    };
    if octets != whole {
        parts[at].octets = octets;
        parts[at].whole = None;
    }
}

/// Changes a cell of a row; `false`: not such a cell.
fn change(
    list: &List,
    dice: &mut Dice,
    cells: &mut Vec<Vec<u8>>,
    (cell, how): (usize, usize),
) -> bool {
    let is_quoted = cells[cell].starts_with(b"\"");
    match how {
        0..=3 => return misquote(dice, &mut cells[cell], how),
        6 => cells.insert(cell, Vec::new()),
        7 => {
            let joined = cells.remove(cell);
            match cells.get_mut(cell) {
                Some(next) => next.splice(0..0, joined).for_each(drop),
                None => cells.last_mut().unwrap().extend(joined),
            }
        }
        8 => {
            let inside = dice.below(cells[cell].len() + 1);
            cells[cell].insert(inside, 0);
        }
        10 if !is_quoted && cells[cell].len() > 1 => {
            let inside = 1 + dice.below(cells[cell].len() - 1);
            let line_break = list.line_break(dice);
            cells[cell].splice(inside..inside, line_break.iter().copied());
        }
        11 if list.columns.contains(&"name") => {
            let name = list.columns.iter().position(|column| *column == "name");
            // 王小明 in GBK.
            cells[name.unwrap()] = b"\xcd\xf5\xd0\xa1\xc3\xf7".to_vec();
        }
        _ => return false,
    }
    true
}

fn misquote(dice: &mut Dice, cell: &mut Vec<u8>, how: usize) -> bool {
    let is_quoted = cell.starts_with(b"\"");
    match how {
        0 if !is_quoted => cell.insert(0, b'"'),
        1 if is_quoted => {
            cell.pop();
        }
        2 if is_quoted => cell.extend(b"x"),
        3 if is_quoted => {
            let inside = 1 + dice.below(cell.len() - 1);
            cell.insert(inside, b'"');
        }
        _ => return false,
    }
    true
}

/// A row in another encoding than its file.
fn encoded(dice: &mut Dice, row: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(row).unwrap();
    let units = text.encode_utf16();
    match dice.below(3) {
        0 if text.chars().all(|c| u32::from(c) < 256) => text.chars().map(|c| c as u8).collect(),
        1 => units.flat_map(u16::to_be_bytes).collect(),
        _ => units.flat_map(u16::to_le_bytes).collect(),
    }
}

/// Cuts the file off inside of a row, before its last cell: the rest of a last cell may look like a whole cell.
fn cut(list: &List, dice: &mut Dice, parts: &mut Vec<Part>) {
    let last = dice.below(parts.len());
    let Some(person) = parts[last].whole else {
        return;
    };
    parts.truncate(last + 1);
    let mut cells = list.cells(person);
    cells.pop();
    let row = list.row(&cells);
    let part = parts.last_mut().unwrap();
    part.octets = row[..1 + dice.below(row.len())].to_vec();
    part.end.clear();
    part.whole = None;
}
