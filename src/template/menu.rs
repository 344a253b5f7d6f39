//! What can be inserted into a text, with a sentence about each.

use super::merge::Placeholder;
use crate::element::Element;
use crate::incident::Facts;

/// Something to insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is inserted.
    pub code: String,
    /// What it does.
    pub words: String,
}

/// A part of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    /// What it offers.
    pub entries: Vec<Entry>,
}

/// The longest start of a fact that the menu shows, in characters.
const SHOWN: usize = 80;

/// What the menu offers in an incident, or without one.
pub(crate) fn menu(facts: Option<&Facts>) -> Vec<Group> {
    let mut groups = vec![
        Group {
            title: "About the reader",
            entries: Placeholder::ALL.into_iter().map(placeholder).collect(),
        },
        Group {
            title: "About the incident",
            entries: incident(facts),
        },
        Group {
            title: "Blocks for a part of the readers",
            entries: BLOCKS
                .iter()
                .map(|(code, words)| block(code, words))
                .collect(),
        },
        Group {
            title: "Blocks for one kind of data",
            entries: Element::ALL.into_iter().map(element).collect(),
        },
    ];
    groups.retain(|group| !group.entries.is_empty());
    groups
}

const BLOCKS: [(&str, &str); 3] = [
    (
        "any",
        "Readers of whom something was taken. A correction also goes to people who are not affected after all.",
    ),
    (
        "none",
        "Readers who are not affected after all: corrections only.",
    ),
    (
        "ssn or has.driver_licence",
        "Readers of whom at least one of these was taken. Put “or has.CODE” after it for each further one.",
    ),
];

fn placeholder(of: Placeholder) -> Entry {
    let words = match of {
        Placeholder::Name => {
            "The reader’s name; without a name, a neutral salutation in their language."
        }
        Placeholder::Reference => "Your own number for the reader.",
        Placeholder::Elements => {
            "The list of what was taken of this reader, in words, the worst first."
        }
        Placeholder::ToldWrongly => {
            "Corrections: what earlier notices named to this reader and is not theirs."
        }
        Placeholder::Guidance => {
            "What this reader should do, at most three steps, chosen by what was taken. On a line of its own."
        }
        Placeholder::StatusLink => "The address of the reader’s own page.",
        Placeholder::NoticeCode => {
            "The code with which the reader checks that the notice is genuine. Every notice ends with it."
        }
    };
    Entry {
        code: of.to_string(),
        words: words.to_owned(),
    }
}

fn incident(facts: Option<&Facts>) -> Vec<Entry> {
    let title = Entry {
        code: "{{ incident.title }}".to_owned(),
        words: "The title of the incident.".to_owned(),
    };
    let fact = |(key, value): (&String, &String)| Entry {
        code: format!("{{{{ facts.{key} }}}}"),
        words: start(value),
    };
    let facts = facts.into_iter().flatten().map(fact);
    [title].into_iter().chain(facts).collect()
}

/// The first line of a fact, as far as the menu shows it.
fn start(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    let start: String = line.chars().take(SHOWN).collect();
    match start.len() < value.trim_end().len() {
        true => format!("{start} …"),
        false => start,
    }
}

fn block(condition: &str, words: &str) -> Entry {
    Entry {
        code: format!("{{{{#if has.{condition}}}}}\n\n{{{{/if}}}}"),
        words: words.to_owned(),
    }
}

fn element(of: Element) -> Entry {
    block(
        of.code(),
        &format!("Only readers of whom this was taken: {}.", of.words("en")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::merge::{self, Fixed};

    #[test]
    fn whatever_the_menu_inserts_compiles() {
        let facts = Facts::from([("what_happened".to_owned(), "A thief\ngot in.".to_owned())]);
        let fixed = Fixed {
            locale: "en",
            organisation: "Us",
            incident_title: "T",
            facts: &facts,
        };
        let mut seen = 0;
        for entry in menu(Some(&facts)).iter().flat_map(|group| &group.entries) {
            let body = format!(
                "Before\n\n{}\n\nafter",
                entry.code.replace("\n\n", "\nwords\n")
            );
            assert_eq!(merge::compile("S", &body, &fixed).err(), None, "{entry:?}");
            assert!(entry.words.len() > 5, "{entry:?}");
            seen += 1;
        }
        assert_eq!(seen, Placeholder::ALL.len() + 2 + 3 + Element::ALL.len());
        assert!(
            menu(Some(&facts))
                .iter()
                .any(|group| { group.entries.iter().any(|entry| entry.words == "A thief …") })
        );
    }
}
