//! What a page says of deeds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::deed;

/// What the deeds begin with that stand on pages of incidents, campaigns, people and templates.
const SHOWN: [&str; 8] = [
    "campaign.",
    "incident.",
    "letters.",
    "people.",
    "person.",
    "rejects.",
    "scope.",
    "template.",
];

/// The deeds in a file: what it hands to the audit log stands in quotes.
fn deeds(text: &str, found: &mut BTreeSet<String>) {
    for word in text.split('"').skip(1).step_by(2) {
        let is_shown = SHOWN.iter().any(|begin| word.starts_with(begin));
        let rest = word.split_once('.').map_or("", |(_, rest)| rest);
        let is_word = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_shown && is_word {
            found.insert(word.to_owned());
        }
    }
}

fn read(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Settings have names of this form, too.
            if !path.ends_with("config") {
                read(&path, found);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            // Quotes in comments need not have a second one.
            let code: Vec<_> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .filter(|line| line.contains('"'))
                .collect();
            for line in code {
                deeds(line, found);
            }
        }
    }
}

#[test]
fn every_deed_of_what_has_a_page_is_said_in_words() {
    let mut found = BTreeSet::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(
        found.contains("letters.file") && found.len() > 30,
        "{found:?}"
    );
    let unsaid = |word: &&String| deed(word) == word.replace(['.', '_'], " ");
    let unsaid: Vec<_> = found.iter().filter(unsaid).collect();
    assert_eq!(unsaid, Vec::<&String>::new());
}
