//! Text that its author meant to replace: placeholders of other systems, and notes to oneself.

use super::{Check, Findings, Severity, reading};

const FOREIGN: &str = "It is not a placeholder of Candor, so people would read it as it stands. Placeholders are written {{ name }}.";
const NOTE: &str = "It reads like a note to the author. Write the text, or remove it.";
const BRACKET: &str =
    "Square brackets often hold what is to be filled in. Remove them if the text is final.";

/// What opens and closes a placeholder elsewhere.
const MARKS: [(&str, &str); 13] = [
    ("${", "}"),
    ("*|", "|*"),
    ("((", "))"),
    ("{%", "%}"),
    ("{{", "}}"),
    ("{", "}"),
    ("<%", "%>"),
    ("<<", ">>"),
    ("[[", "]]"),
    ("@@", "@@"),
    ("｛｛", "｝｝"),
    ("｛", "｝"),
    ("«", "»"),
];

/// Notes, in capitals and as a word of their own.
const NOTES: [&str; 8] = [
    "TODO",
    "TBD",
    "TBC",
    "TBA",
    "FIXME",
    "XXX",
    "XXXX",
    "LOREM IPSUM",
];

/// With what a text in square brackets begins that is to be filled in, in lower case.
const TO_FILL: [&str; 34] = [
    "insert",
    "enter",
    "add ",
    "your ",
    "company",
    "organisation",
    "organization",
    "name",
    "first name",
    "date",
    "phone",
    "number",
    "address",
    "describe",
    "description",
    "placeholder",
    "fill",
    "link",
    "url",
    "to be ",
    "einfügen",
    "datum",
    "firma",
    "insertar",
    "nombre",
    "fecha",
    "empresa",
    "insérer",
    "nom ",
    "date ",
    "entreprise",
    "inserire",
    "inserir",
    "xx",
];

impl Findings {
    /// What is unfinished in one line.
    pub(super) fn unfinished(&mut self, number: usize, line: &str) {
        let line = reading::replace_placeholders(line, '\u{E000}');
        if let Some(found) = foreign(&line) {
            self.add(
                Check::Unfinished,
                Severity::Error,
                number,
                format!("“{found}”"),
                FOREIGN,
            );
        }
        let upper = line.to_uppercase();
        let is_note = |note: &&&str| {
            let place = match **note {
                "LOREM IPSUM" => upper.find(**note),
                note => line.find(note),
            };
            place.is_some_and(|at| {
                let of = if line.len() == upper.len() {
                    &line
                } else {
                    &upper
                };
                of.is_char_boundary(at) && reading::is_word(of, &(at..at + note.len()))
            })
        };
        if let Some(note) = NOTES.iter().find(is_note) {
            self.add(
                Check::Unfinished,
                Severity::Error,
                number,
                format!("“{note}”"),
                NOTE,
            );
        }
        if line.contains("____") && line.trim().chars().any(|c| c != '_') {
            self.add(Check::Unfinished, Severity::Error, number, "“____”", NOTE);
        }
        for (text, is_to_fill) in brackets(&line) {
            let (severity, why) = match is_to_fill {
                true => (Severity::Error, NOTE),
                false => (Severity::Warning, BRACKET),
            };
            self.add(
                Check::Unfinished,
                severity,
                number,
                format!("“[{text}]”"),
                why,
            );
        }
    }
}

/// The first placeholder of another system.
fn foreign(line: &str) -> Option<String> {
    let marked = MARKS.iter().find_map(|(open, close)| {
        let at = line.find(open)?;
        let behind = &line[at + open.len()..];
        let inner = behind.split_once(close).map(|(inner, _)| inner);
        let is_one = match (*open, inner) {
            // Said in every language, and how some quote: names of fields have an underscore.
            ("«", inner) => inner.is_some_and(|inner| inner.contains('_') && is_field(inner)),
            ("{{" | "{%" | "｛｛" | "｛", _) => true,
            ("((" | "<<" | "@@" | "[[" | "{" | "<%", inner) => inner
                .is_some_and(|inner| inner.chars().any(char::is_alphabetic) && inner.len() <= 60),
            (_, inner) => inner.is_some(),
        };
        let end = inner.map_or(line.len(), |inner| {
            at + open.len() + inner.len() + close.len()
        });
        is_one.then(|| shown(&line[at..end]))
    });
    let stray = || {
        ["}}", "%}", "｝"]
            .into_iter()
            .find(|close| line.contains(close))
            .map(str::to_owned)
    };
    marked.or_else(stray).or_else(|| percents(line))
}

/// `%name%`, `%%name%%`.
fn percents(line: &str) -> Option<String> {
    let mut parts = line.split('%');
    parts.next();
    let inner: Vec<&str> = parts.collect();
    let (_, names) = inner.split_last()?;
    let name = names
        .iter()
        .find(|name| name.len() > 1 && is_field(name) && name.starts_with(char::is_alphabetic))?;
    Some(format!("%{}%", shown(name)))
}

fn is_field(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.is_empty() && name.trim().chars().all(is_part)
}

/// Texts in square brackets that are no link, no footnote and no tick box, and whether each is to be filled in.
fn brackets(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('[') {
        let Some((inner, after)) = behind.split_once(']') else {
            break;
        };
        rest = after;
        let is_link = after.starts_with(['(', '[', ':']) || before.ends_with(['!', ']', '\\', '[']);
        let letters = inner
            .chars()
            .filter(|c| c.is_alphabetic() && *c != '\u{E000}')
            .count();
        if is_link || letters < 2 || inner.contains('[') {
            continue;
        }
        let lower = inner.trim().to_lowercase() + " ";
        let is_loud = letters > 2 && inner.chars().all(|c| !c.is_lowercase());
        let is_to_fill = is_loud || TO_FILL.iter().any(|word| lower.starts_with(word));
        found.push((shown(inner), is_to_fill));
    }
    found
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| *c != '\u{E000}').take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(line: &str) -> Vec<String> {
        let mut findings = Findings(Vec::new());
        findings.unfinished(1, line);
        findings.0.retain(|found| found.severity == Severity::Error);
        findings.0.into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn placeholders_of_other_systems_and_notes_are_found() {
        for line in [
            "Hi {name}",
            "Dear ((name)),",
            "on [insert date]",
            "[INSERT DATE]",
            "[Company Name]",
            "[date]",
            "*|FNAME|*",
            "Dear ${name}",
            "Dear %name%",
            "Dear %%first_name%%",
            "｛｛ name ｝｝",
            "name }}",
            "{% if x %}",
            "Dear <<First Name>>",
            "Dear [[name]]",
            "Dear «First_Name»",
            "Dear {!Contact.Name}",
            "Dear <%= name %>",
            "TODO",
            "Call us (TBD).",
            "On XX/XX/XXXX",
            "Lorem ipsum dolor",
            "Dear ____,",
            "[Datum einfügen]",
            "[insérer la date]",
        ] {
            assert_eq!(errors(line).len(), 1, "{line}: {:?}", errors(line));
        }
    }

    #[test]
    fn finished_text_is_left_alone() {
        for line in [
            "Dear {{ name }}, {{#if has.ssn}}your number{{/if}}",
            "[Our page](https://example.com) and ![x](https://example.com/a.png)",
            "[our page][1] and [1] and [x]",
            "[1]: https://example.com",
            "We found 5 % of them, and 10 % more.",
            "100% of people and 20% of them",
            "He wrote « bonjour » and «привет».",
            "Call (800) 555-0142 (toll free).",
            "See section 5 (a), ((b)).",
            "___",
            "The todo list of a day",
            "Taxxx and Txxx",
            "a_b_c",
            "A set {1, 2} of numbers",
        ] {
            let expected: [&str; 0] = [];
            // Two brackets around letters are always taken as a placeholder.
            if line.contains("((b))") {
                assert_eq!(errors(line), ["“((b))”"]);
                continue;
            }
            assert_eq!(errors(line), expected, "{line}");
        }
    }
}
