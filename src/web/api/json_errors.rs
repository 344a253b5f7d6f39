//! Parser errors of bodies and queries in the terms of JSON, without the types of the program.

use std::fmt;

/// How the parser's expectation begins, and the term of JSON.
const EXPECTED: [(&str, &str); 16] = [
    ("struct ", "an object"),
    ("newtype struct ", "a value"),
    ("tuple struct ", "a list"),
    ("unit struct ", "null"),
    ("internally tagged enum ", "an object"),
    ("adjacently tagged enum ", "an object"),
    ("enum ", "a word"),
    ("a map", "an object"),
    ("map", "an object"),
    ("a sequence", "a list"),
    ("sequence", "a list"),
    ("option", "a value or null"),
    ("unit", "null"),
    ("u", "a whole number"),
    ("i", "a whole number"),
    ("f", "a number"),
];

/// The parser's error with the terms of JSON.
pub(crate) fn in_words(why: &impl fmt::Display) -> String {
    let said = why.to_string();
    let Some((before, expected)) = said.split_once(", expected ") else {
        return said;
    };
    let (expected, place) = match expected.rfind(" at line ") {
        Some(at) => expected.split_at(at),
        None => (expected, ""),
    };
    let number = |word: &str| {
        let digits = word.trim_start_matches(['u', 'i', 'f']);
        matches!(digits, "8" | "16" | "32" | "64" | "128" | "size")
    };
    let words = EXPECTED.iter().find(|(begins, _)| match begins.len() {
        1 => expected.starts_with(begins) && number(expected),
        _ => expected.starts_with(begins),
    });
    match words {
        Some((_, words)) => format!("{before}, expected {words}{place}"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_no_type_of_the_program() {
        for (said, words) in [
            (
                "invalid length 0, expected struct New with 3 elements at line 1 column 2",
                "invalid length 0, expected an object at line 1 column 2",
            ),
            (
                "invalid type: string \"a\", expected i32 at line 1 column 9",
                "invalid type: string \"a\", expected a whole number at line 1 column 9",
            ),
            (
                "unknown variant `x`, expected one of `a`, `b`",
                "unknown variant `x`, expected one of `a`, `b`",
            ),
            (
                "invalid type: integer `1`, expected internally tagged enum Audience",
                "invalid type: integer `1`, expected an object",
            ),
            ("missing field `title`", "missing field `title`"),
        ] {
            assert_eq!(in_words(&said), words);
        }
    }
}
