//! Every action that a history can show has words.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::action_in_words;

/// The first words of actions that the pages of incidents, campaigns, people and templates show.
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

/// Finds the actions in a file: string literals of the form `noun.verb`.
fn actions(text: &str, found: &mut BTreeSet<String>) {
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
            // A comment may contain a single quote.
            let code: Vec<_> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .filter(|line| line.contains('"'))
                .collect();
            for line in code {
                actions(line, found);
            }
        }
    }
}

#[test]
fn every_action_on_a_thing_with_a_page_has_words() {
    let mut found = BTreeSet::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(
        found.contains("letters.file") && found.len() > 30,
        "{found:?}"
    );
    let unsaid = |word: &&String| action_in_words(word) == word.replace(['.', '_'], " ");
    let unsaid: Vec<_> = found.iter().filter(unsaid).collect();
    assert_eq!(unsaid, Vec::<&String>::new());
}
