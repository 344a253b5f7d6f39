//! docs/domain.md has the words of the program: its tables of states and words are compared with the enums and the
//! transition functions. The meanings are written by people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use candor::campaign::canary::CanaryState;
use candor::campaign::{CampaignKind, CampaignStatus};
use candor::incident::IncidentState;
use candor::notice::{AttemptResult, BatchStatus, NoticeStatus};
use candor::person::PersonStanding;
use candor::person::flags::WithheldReason;
use candor::postal::{PostalKind, PostalState, PostalStatus};
use candor::recall::RecallStatus;
use candor::scope::ScopeStatus;
use candor::staff::StaffRole;
use candor::ticket::status::Party;
use candor::ticket::{TicketResolution, TicketStatus};

/// What stands for a meaning that is still to be written.
const UNWRITTEN: &str = "?";

/// The cells of a table that the code knows, a row each; the last cell of a row, the meaning, is written by people.
struct Table {
    name: &'static str,
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

#[test]
fn the_document_has_the_states_and_words_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/domain.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (renewed, seen) = renew(&page, &tables());
    if std::env::var_os("CANDOR_WRITE_DOCS").is_some() {
        std::fs::write(&file, &renewed).unwrap();
    }
    let names: BTreeSet<_> = tables().iter().map(|table| table.name).collect();
    assert_eq!(
        seen, names,
        "docs/domain.md has each table once, after its mark"
    );
    assert!(
        !renewed.contains(&format!("| {UNWRITTEN} |")),
        "docs/domain.md: write the meaning of every word, in place of the question mark"
    );
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        written, renewed,
        "run this test with CANDOR_WRITE_DOCS=1, write the missing meanings and read the diff"
    );
}

#[test]
fn a_word_that_the_document_lacks_is_found() {
    let table = || Table {
        name: "colours",
        head: &["word", "meaning"],
        rows: vec![vec!["`red`".to_owned()], vec!["`blue`".to_owned()]],
    };
    let page = "Text.\n\n<!-- table: colours -->\n| word | meaning |\n|---|---|\n| `red` | like blood |\n| `gone` | old |\n\nMore.\n";
    let (renewed, seen) = renew(page, &[table()]);
    assert_eq!(seen, BTreeSet::from(["colours"]));
    assert_eq!(
        renewed,
        "Text.\n\n<!-- table: colours -->\n| word | meaning |\n|---|---|\n| `red` | like blood |\n| `blue` | ? |\n\nMore.\n"
    );
}

/// The page with the tables of the code, the meanings kept, and the names of the tables that it has.
fn renew(page: &str, tables: &[Table]) -> (String, BTreeSet<&'static str>) {
    let (mut out, mut seen) = (String::new(), BTreeSet::new());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        let Some(table) = tables.iter().find(|table| line == mark(table.name)) else {
            continue;
        };
        assert!(seen.insert(table.name), "{} stands twice", table.name);
        let mut meanings = BTreeMap::new();
        while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            meanings.insert(cells[0], *cells.last().unwrap());
        }
        out.push_str(&table.write(&meanings));
    }
    (out, seen)
}

fn mark(name: &str) -> String {
    format!("<!-- table: {name} -->")
}

impl Table {
    fn write(&self, meanings: &BTreeMap<&str, &str>) -> String {
        let mut out = format!(
            "| {} |\n|{}\n",
            self.head.join(" | "),
            "---|".repeat(self.head.len())
        );
        for row in &self.rows {
            let mut cells = row.clone();
            if cells.len() < self.head.len() {
                let meaning = meanings.get(cells[0].as_str()).unwrap_or(&UNWRITTEN);
                cells.push((*meaning).to_owned());
            }
            writeln!(out, "| {} |", cells.join(" | ")).unwrap();
        }
        out
    }
}

/// A table of every state of an enum and the states that may follow.
macro_rules! states {
    ($name:literal, $enum:ty) => {
        Table {
            name: $name,
            head: &["state", "may become", "meaning"],
            rows: <$enum>::ALL
                .iter()
                .map(|state| vec![code(state), list(state.after())])
                .collect(),
        }
    };
}

/// A table of every word of an enum.
macro_rules! words {
    ($name:literal, $enum:ty) => {
        Table {
            name: $name,
            head: &["word", "meaning"],
            rows: <$enum>::ALL.iter().map(|word| vec![code(word)]).collect(),
        }
    };
}

fn tables() -> Vec<Table> {
    vec![
        states!("states of an incident", IncidentState),
        states!("states of a scope version", ScopeStatus),
        states!("states of a campaign", CampaignStatus),
        states!("states of a notice", NoticeStatus),
        states!("states of a batch", BatchStatus),
        states!("states of a ticket", TicketStatus),
        states!("states of a postal list", PostalState),
        states!("states of a recall", RecallStatus),
        ticket_moves(),
        words!("standings of a person", PersonStanding),
        words!("reasons to withhold", WithheldReason),
        words!("kinds of campaigns", CampaignKind),
        words!("states of a canary", CanaryState),
        words!("results of an attempt", AttemptResult),
        words!("resolutions of a ticket", TicketResolution),
        words!("kinds of postal lists", PostalKind),
        words!("states of a postal letter", PostalStatus),
        words!("roles of staff", StaffRole),
    ]
}

/// The legal moves of tickets, who may make each, and what staff need for it.
fn ticket_moves() -> Table {
    let row = |from: TicketStatus, to: TicketStatus| {
        let movers = from.movers(to);
        let who: Vec<_> = movers.iter().map(|party| party_name(*party)).collect();
        let need = if movers.contains(&Party::Staff) {
            from.need(to).to_string()
        } else {
            "not by staff".to_owned()
        };
        let pair = format!("{} → {}", code(&from), code(&to));
        vec![pair, who.join(", "), need]
    };
    Table {
        name: "moves of a ticket",
        head: &["move", "who", "what staff need"],
        rows: TicketStatus::ALL
            .iter()
            .flat_map(|from| from.after().iter().map(move |to| row(*from, *to)))
            .collect(),
    }
}

fn party_name(party: Party) -> &'static str {
    match party {
        Party::Staff => "staff",
        Party::Customer => "customer",
        Party::System => "Candor",
    }
}

fn code(word: &impl std::fmt::Display) -> String {
    format!("`{word}`")
}

fn list<W: std::fmt::Display>(words: &[W]) -> String {
    if words.is_empty() {
        return "nothing".to_owned();
    }
    words.iter().map(code).collect::<Vec<_>>().join(", ")
}
