//! Control characters (Unicode category Cc) in requests. PostgreSQL refuses NUL in a text, and no person types the others on
//! purpose. Every extractor refuses them before a handler sees them.

use percent_encoding::percent_decode;
use serde_json::Value;

use crate::web::problem::{Kind, Problem};

/// Whether text may have line breaks and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// Typed text: tab, LF and CR are layout.
    Many,
    /// A name, an address, a code.
    One,
}

/// The first control character that a text must not hold.
pub(crate) fn control(text: &str, lines: Lines) -> Option<char> {
    let is_layout = |c| lines == Lines::Many && matches!(c, '\t' | '\n' | '\r');
    text.chars().find(|c| c.is_control() && !is_layout(*c))
}

/// The text without those characters, to be shown again to the person who typed it.
pub(crate) fn without_controls(text: &str) -> String {
    let is_layout = |c| matches!(c, '\t' | '\n' | '\r');
    text.chars()
        .filter(|c| !c.is_control() || is_layout(*c))
        .collect()
}

/// The refusal of a text in `place`.
pub(crate) fn refused(place: &str, character: char) -> Problem {
    let number = u32::from(character);
    Problem::new(Kind::BadRequest).because(format!(
        "{place} contains the control character U+{number:04X}: write it again without it"
    ))
}

/// Refuses a path or a query with control characters in its decoded text.
///
/// # Errors
/// [`Kind::BadRequest`].
pub(crate) fn check_address(path: &str, query: &str) -> Result<(), Problem> {
    let checks = [(path, Lines::One), (query, Lines::Many)];
    for (part, lines) in checks {
        let decoded = decoded(part.as_bytes());
        if let Some(character) = control(&String::from_utf8_lossy(&decoded), lines) {
            return Err(refused("the address", character));
        }
    }
    Ok(())
}

/// The octets that a part of an address stands for (RFC 3986 §2.1). A `%` without two hexadecimal digits stays as it is.
pub(crate) fn decoded(part: &[u8]) -> Vec<u8> {
    percent_decode(part).collect()
}

/// Refuses JSON with control characters in a string or a name.
///
/// # Errors
/// [`Kind::BadRequest`] with its place as `at`. Invalid JSON passes: the parser says where it is wrong.
pub(crate) fn check_json(body: &[u8]) -> Result<(), Problem> {
    // JSON has no raw control characters below U+0020. The others are escapes, DEL, or two octets (from U+0080 on).
    let is_suspect = |pair: &[u8]| {
        matches!(
            pair,
            [b'\\', b'u' | b'b' | b'f'] | [0x7f, _] | [0xc2, 0x80..=0x9f]
        )
    };
    if !body.windows(2).any(is_suspect) {
        return Ok(());
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Ok(());
    };
    match in_json(&json, String::new()) {
        None => Ok(()),
        Some((at, character)) => Err(refused("a text", character).with("at", at)),
    }
}

/// The place of the first control character, and the character.
fn in_json(json: &Value, at: String) -> Option<(String, char)> {
    match json {
        Value::String(text) => control(text, Lines::Many).map(|character| (at, character)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| in_json(item, format!("{at}[{index}]"))),
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            if let Some(character) = control(name, Lines::One) {
                return Some((at.clone(), character));
            }
            let dot = if at.is_empty() { "" } else { "." };
            in_json(value, format!("{at}{dot}{name}"))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_found_in_every_spelling() {
        for path in ["/a%00b", "/a%0ab", "/a%7Fb", "/a%c2%85", "/%1f"] {
            assert!(check_address(path, "").is_err(), "{path}");
        }
        assert!(check_address("/a", "locale=a%00b").is_err());
        assert!(check_address("/a%2500b/ä%C3%A4%", "text=a%0d%0ab%09").is_ok());
        for (json, at) in [
            (r#"{"a":{"b":["x","\u0000"]}}"#, Some("a.b[1]")),
            (r#"{"a":"\u001b[0m"}"#, Some("a")),
            (r#"{"a":"\b"}"#, Some("a")),
            ("{\"a\":\"\u{7f}\"}", Some("a")),
            ("{\"a\":\"\u{85}\"}", Some("a")),
            (r#"{"a\u0000":1}"#, Some("")),
            (r#"{"a":"x\r\n\ty \u00e4"}"#, None),
            (r#"{"a":"\\u0000"}"#, None),
        ] {
            let found = serde_json::from_str(json).map(|json| in_json(&json, String::new()));
            let found = found.expect("JSON").map(|(at, _)| at);
            assert_eq!(found.as_deref(), at, "{json}");
            assert_eq!(check_json(json.as_bytes()).is_err(), at.is_some(), "{json}");
        }
        assert_eq!(without_controls("a\0b\nc\u{85}"), "ab\nc");
    }
}
