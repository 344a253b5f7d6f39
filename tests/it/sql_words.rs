//! The words of enums in SQL text. Most statements bind them or take them from the enum; where a partial index or a
//! readable statement spells a word, it must be a word of the column's enum.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use candor::campaign::CampaignStatus;
use candor::campaign::canary::CanaryState;
use candor::incident::{IncidentState, UpdateKind};
use candor::notice::{AttemptResult, BatchStatus, NoticeStatus};
use candor::outbox::{LetterKind, LetterStatus, LetterWithheld};
use candor::person::flags::WithheldReason;
use candor::person::{CorrectionDue, PersonStanding, ToldBy};
use candor::postal::{PostalKind, PostalState, PostalStatus};
use candor::recall::RecallStatus;
use candor::scope::ScopeStatus;
use candor::ticket::{MessageKind, TicketChannel, TicketResolution, TicketStatus};

/// The words that a column of a name may be compared with: those of the enums of all columns of that name.
type Words = BTreeMap<&'static str, BTreeSet<&'static str>>;

fn words() -> Words {
    let mut words = Words::new();
    let mut may = |column, of: &[&'static str]| words.entry(column).or_default().extend(of);
    macro_rules! columns {
        ($($column:literal: $($name:ty),+;)+) => {
            $($(may($column, &<$name>::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>());)+)+
        };
    }
    columns! {
        "state": IncidentState, PostalState;
        "kind": UpdateKind, candor::campaign::CampaignKind, LetterKind, PostalKind, MessageKind,
            candor::account::AccountKind;
        "status": TicketStatus, PostalStatus, NoticeStatus, CampaignStatus, LetterStatus, BatchStatus, ScopeStatus,
            RecallStatus;
        "standing": PersonStanding;
        "withheld": WithheldReason, LetterWithheld;
        "told": ToldBy;
        "correction": CorrectionDue;
        "canary": CanaryState;
        "result": AttemptResult;
        "minors": candor::postal::MinorsRule;
        "channel": TicketChannel;
        "resolution": TicketResolution;
        "from_status": TicketStatus;
        "to_status": TicketStatus;
        "mode": candor::scope::ScopeMode;
        // Columns of statements, and parameters.
        "notice": NoticeStatus;
        "campaign": CampaignStatus;
        "was": PersonStanding;
        "value": WithheldReason;
        "$3": PersonStanding;
        "$5": NoticeStatus;
    }
    // Words of Postgres, and of statements that compare them with no enum.
    may("errcode", &["restrict_violation"]);
    may("locktype", &["advisory"]);
    may("mark", &["write", "link"]);
    may("subject", &["everything"]);
    may("provider", &["other"]);
    may("became", &["told", "refused", "taken_back"]);
    words
}

/// A quoted word and the column that it is compared with.
#[derive(Debug, PartialEq, Eq)]
struct Compared<'t> {
    column: &'t str,
    word: &'t str,
}

fn is_word(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The name at the end of `before`, without the alias of its table.
fn column(before: &str) -> &str {
    let end = before.trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let begin = end.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
    &end[begin..]
}

/// What stands before `in (` if `before` ends inside of such a list of quoted words.
fn before_list(before: &str) -> Option<&str> {
    let begin = before.rfind('(')?;
    let inside = before[begin + 1..].trim();
    let mut items = inside.trim_end_matches(',').split(',').map(str::trim);
    let quoted = |item: &str| item.len() > 2 && item.starts_with('\'') && item.ends_with('\'');
    if !inside.is_empty() && !items.all(quoted) {
        return None;
    }
    let name = before[..begin].trim_end().strip_suffix(" in")?.trim_end();
    Some(name.strip_suffix(" not").unwrap_or(name))
}

fn compared(text: &str) -> Vec<Compared<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(quote) = text[from..].find('\'').map(|at| at + from) {
        from = quote + 1;
        let Some(length) = text[from..].find('\'') else {
            break;
        };
        let word = &text[from..from + length];
        if !is_word(word) {
            continue;
        }
        let before = text[..quote].trim_end();
        from += length + 1;
        let name = match before
            .strip_suffix('=')
            .or_else(|| before.strip_suffix("<>"))
        {
            Some(name) => Some(name),
            None => before_list(before),
        };
        let column = name.map(column).unwrap_or_default();
        if !column.is_empty() {
            found.push(Compared { column, word });
        }
    }
    found
}

/// The text of a file without comments, each run of spaces and line ends as one space.
fn plain(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let mark = match path.extension().is_some_and(|end| end == "sql") {
        true => "--",
        false => "//",
    };
    let lines = text
        .lines()
        .map(|line| line.split(mark).next().unwrap_or_default());
    let words: Vec<_> = lines
        .flat_map(|line| line.trim_end_matches('\\').split_whitespace())
        .map(str::to_owned)
        .collect();
    words.join(" ")
}

fn files(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|end| end == "rs" || end == "sql")
        {
            found.push(path);
        }
    }
}

#[test]
fn a_word_in_sql_text_is_a_word_of_its_columns_enum() {
    let (words, mut paths) = (words(), Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    files(&root.join("src"), &mut paths);
    files(&root.join("migrations"), &mut paths);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in paths {
        let text = plain(&path);
        for one in compared(&text) {
            seen += 1;
            let may = words.get(one.column);
            if !may.is_some_and(|may| may.contains(one.word)) {
                wrong.push(format!("{}: {one:?}", path.display()));
            }
        }
    }
    assert!(seen > 200, "{seen} comparisons: are they still found?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn comparisons_with_quoted_words_are_found() {
    let sql = "where c.status = 'sending' and n.withheld not in ('changed', 'no_address') or x <> 'so' and f('other')";
    let found: Vec<_> = compared(sql)
        .into_iter()
        .map(|one| (one.column, one.word))
        .collect();
    let expected = [
        ("status", "sending"),
        ("withheld", "changed"),
        ("withheld", "no_address"),
        ("x", "so"),
    ];
    assert_eq!(found, expected);
}
