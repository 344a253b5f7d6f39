//! The file of a list of letters, read back: what each line says of its letter, and whether link and code follow from the
//! key that this database is used with.

use std::io::Read;

use super::PostalKind;
use crate::csv_file::{self, ReadError, Record};
use crate::element::{ElementSet, from_words};
use crate::id::{PersonId, PostalId};
use crate::link::{NoticeCode, StatusLink};
use crate::seal::Keyring;

/// The columns that are read.
const NEEDED: [&str; 8] = [
    "reference",
    "locale",
    "flags",
    "elements",
    "status_link",
    "letter_code",
    "batch",
    "kind",
];

/// One letter of a list.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The recipient's reference.
    pub reference: String,
    /// The recipient, as the link or the id of a former person in place of a reference names them; `None` where letters carry
    /// neither.
    pub person: Option<PersonId>,
    /// The code that is printed in it.
    pub code: Option<NoticeCode>,
    /// What it names.
    pub named: ElementSet,
    /// Whether it is addressed to a minor's parent or guardian.
    pub minor: bool,
}

/// The file of a list.
#[derive(Debug, Clone)]
pub struct KeptList {
    /// The list.
    pub id: PostalId,
    /// The kind of list.
    pub kind: PostalKind,
    /// Its letters.
    pub letters: Vec<Kept>,
}

/// Why a line is not of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not text, or its quotation marks or cells do not fit.
    #[error("the line is damaged")]
    Damaged,
    /// Of another list than the first line.
    #[error("the line is of another list than the first one, or names none")]
    OtherList,
    /// Written by something else, or under another key.
    #[error("its link or its code was not made with the key of links and codes in use")]
    Foreign,
    /// The elements are not those that a list writes.
    #[error("its elements are not in the words in which a list names them")]
    Elements,
    /// It has no reference.
    #[error("it has no reference")]
    Nameless,
    /// No person has the reference.
    #[error(
        "nobody in this incident has its reference: put the lists of affected people back first"
    )]
    Nobody,
    /// The link leads to another person than the reference names.
    #[error("its link is that of another person than its reference names")]
    OtherPerson,
    /// A second letter to the same person.
    #[error("a line before it is a letter to the same person")]
    Twice,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    /// Not a CSV.
    #[error("the file cannot be read: {0}")]
    Read(#[from] ReadError),
    /// A column is missing.
    #[error("the file is not one that `candor letters` wrote: it has no column {0}")]
    Column(&'static str),
    /// No line.
    #[error("the file names no letter")]
    Empty,
    /// Its first line names no kind of list.
    #[error("the file does not say for whom the list was taken: its column kind has another word")]
    Kind,
    /// Some lines.
    #[error("{} lines are refused, so nothing is put back", .0.len())]
    Lines(Vec<(u64, Fault)>),
}

/// Where the columns are.
struct Columns {
    needed: [usize; NEEDED.len()],
    width: usize,
}

impl Columns {
    fn of<'a>(head: impl Iterator<Item = &'a str>) -> Result<Self, BadList> {
        let head: Vec<_> = head.map(str::trim).collect();
        let place = |name| head.iter().position(|cell| *cell == name);
        let mut needed = [0; NEEDED.len()];
        for (at, name) in needed.iter_mut().zip(NEEDED) {
            *at = place(name).ok_or(BadList::Column(name))?;
        }
        Ok(Self {
            needed,
            width: head.len(),
        })
    }

    fn cells<'a>(&self, record: &'a Record) -> Option<[&'a str; NEEDED.len()]> {
        if record.damage.is_some() || record.cells.len() != self.width {
            return None;
        }
        let mut cells = [""; NEEDED.len()];
        for (cell, at) in cells.iter_mut().zip(self.needed) {
            *cell = str::from_utf8(&record.cells[at]).ok()?.trim();
        }
        Some(cells)
    }
}

/// Reads the file of a list.
///
/// # Errors
/// [`BadList`]; of lines all that are refused.
pub fn read(file: impl Read, keys: &Keyring) -> Result<KeptList, BadList> {
    let mut records = csv_file::open(file)?;
    let columns = Columns::of(records.header()?.iter())?;
    let mut record = Record::default();
    let mut list: Option<KeptList> = None;
    let mut faults = Vec::new();
    while records.read(&mut record)? {
        let Some(cells) = columns.cells(&record) else {
            faults.push((record.line, Fault::Damaged));
            continue;
        };
        let Ok(id) = cells[6].parse::<PostalId>() else {
            faults.push((record.line, Fault::OtherList));
            continue;
        };
        let list = match &mut list {
            Some(list) => list,
            none => none.insert(KeptList {
                id,
                kind: cells[7].parse().map_err(|_| BadList::Kind)?,
                letters: Vec::new(),
            }),
        };
        match letter(record.line, cells, (list.id, list.kind), keys) {
            Ok(letter) => list.letters.push(letter),
            Err(fault) => faults.push((record.line, fault)),
        }
    }
    if !faults.is_empty() {
        return Err(BadList::Lines(faults));
    }
    list.ok_or(BadList::Empty)
}

fn letter(
    line: u64,
    [reference, locale, flags, elements, link, code, of, _]: [&str; NEEDED.len()],
    (list, kind): (PostalId, PostalKind),
    keys: &Keyring,
) -> Result<Kept, Fault> {
    if of != list.to_string() {
        return Err(Fault::OtherList);
    }
    if reference.is_empty() {
        return Err(Fault::Nameless);
    }
    let printed = match kind.is_posted() {
        true => Some(printed(list, link, code, keys).ok_or(Fault::Foreign)?),
        false => None,
    };
    Ok(Kept {
        line,
        reference: super::slips::plain(reference).to_owned(),
        person: printed
            .map(|(person, _)| person)
            .or_else(|| reference.parse().ok()),
        code: printed.map(|(_, code)| code),
        named: from_words(elements, locale).ok_or(Fault::Elements)?,
        minor: flags.split(';').any(|flag| flag == "minor"),
    })
}

/// The person of a link and the code of their letter, if both follow from the key.
fn printed(
    list: PostalId,
    link: &str,
    code: &str,
    keys: &Keyring,
) -> Option<(PersonId, NoticeCode)> {
    let person = StatusLink::check(link.rsplit('/').next()?, keys)?.person;
    let code = NoticeCode::parse(code)?;
    (code == NoticeCode::of_letter(list, person, keys)).then_some((person, code))
}
