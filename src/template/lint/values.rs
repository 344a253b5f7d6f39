//! What looks like a stolen value: a notice names kinds of data and never holds one.

use super::{Check, Findings, Severity};

const VALUE: &str =
    "A notice must not hold anybody's number: it reaches mailboxes, relays and logs. Remove it.";

impl Findings {
    /// Numbers in one line that look like a social security, card or account number.
    pub(super) fn values(&mut self, number: usize, line: &str) {
        for word in runs(line) {
            let what = if is_ssn(word) {
                "a number that looks like a social security number"
            } else if is_card(word) {
                "a number that looks like a card number"
            } else {
                continue;
            };
            self.add(Check::ExposedValue, Severity::Error, number, what, VALUE);
        }
        if holds_iban(line) {
            let what = "a number that looks like a bank account number (IBAN)";
            self.add(Check::ExposedValue, Severity::Error, number, what, VALUE);
        }
    }
}

/// Digits with single spaces, hyphens or full stops between them, where no letter, digit or `+` stands next to them.
fn runs(line: &str) -> Vec<&str> {
    let is_between = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '\u{2011}' | '.');
    let (mut runs, mut start, mut end, mut is_open) = (Vec::new(), None, 0, false);
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if c.is_ascii_digit() {
            if start.is_none() && !before.is_alphanumeric() && before != '+' {
                start = Some(at);
            }
            (end, is_open) = (at + 1, false);
        } else if is_between(c) && !is_open && start.is_some() {
            is_open = true;
        } else if let Some(from) = start.take() {
            if !c.is_alphanumeric() || is_open {
                runs.push(&line[from..end]);
            }
            is_open = false;
        }
        before = c;
    }
    runs.extend(start.map(|from| &line[from..end]));
    runs
}

fn digits(word: &str) -> Vec<u32> {
    word.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// `NNN-NN-NNNN`, with numbers that the administration gives out (20 CFR 422.110): no area 000, 666 or 9NN.
fn is_ssn(word: &str) -> bool {
    let parts: Vec<&str> = word.split(|c: char| !c.is_ascii_digit()).collect();
    let [area, group, serial] = parts[..] else {
        return false;
    };
    let lengths = [area.len(), group.len(), serial.len()];
    lengths == [3, 2, 4]
        && !matches!(area, "000" | "666")
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
}

/// 13 to 19 digits that begin as the numbers of cards do, with a check digit that is right (ISO/IEC 7812-1).
fn is_card(word: &str) -> bool {
    let digits = digits(word);
    let begins = matches!(digits.first(), Some(2..=6));
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    (13..=19).contains(&digits.len()) && begins && is_grouped(word) && sum.is_multiple_of(10)
}

/// Whether digits stand together, or in groups as on a card.
fn is_grouped(word: &str) -> bool {
    let groups = word.split(|c: char| !c.is_ascii_digit());
    let lengths: Vec<usize> = groups.map(str::len).collect();
    matches!(
        lengths[..],
        [_] | [4, 6, 4 | 5] | [4, 4, 4, 1..=4] | [4, 4, 4, 4, 3]
    )
}

/// Country, two check digits and 11 to 30 letters and digits, with the remainder 1 by 97 (ISO 13616).
fn holds_iban(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_start = |word: &str| {
        word.len() >= 4
            && word.bytes().take(2).all(|octet| octet.is_ascii_uppercase())
            && word
                .bytes()
                .skip(2)
                .take(2)
                .all(|octet| octet.is_ascii_digit())
    };
    (0..words.len())
        .filter(|at| is_start(words[*at]))
        .any(|at| {
            let mut number = String::new();
            words[at..].iter().take(10).any(|word| {
                number.push_str(word);
                (15..=34).contains(&number.len()) && remainder(&number) == Some(1)
            })
        })
}

fn remainder(iban: &str) -> Option<u32> {
    let turned = iban[4..].chars().chain(iban[..4].chars());
    turned.into_iter().try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some((rest * if value < 10 { 10 } else { 100 } + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let mut findings = Findings(Vec::new());
        findings.values(1, line);
        findings.0.into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn values_are_known_by_their_form_and_check_digit() {
        for line in [
            "Your number 123-45-6789 was taken.",
            "SSN: 219 09 9999",
            "(078-05-1120)",
            "Card 4111 1111 1111 1111.",
            "5500005555555559",
            "378282246310005",
            "Account DE89 3704 0044 0532 0130 00, please",
            "GB29NWBK60161331926819",
        ] {
            assert_eq!(found(line).len(), 1, "{line}");
        }
        for line in [
            "Call 1-800-555-0142, or +49 30 1234567.",
            "Call +44 20 7946 0958 or 020 7946 0958.",
            "000-12-3456 and 666-12-3456 and 900-12-3456",
            "4111 1111 1111 1112",
            "Case 2026-11-0042 of 2026-11-28",
            "DE89 3704 0044 0532 0130 01",
            "From August 17, 2021 to 2021-08-19 10:15",
            "A123-45-6789B",
        ] {
            assert_eq!(found(line), [""; 0], "{line}");
        }
    }
}
