//! A text made ready for DATA.

use super::encode::lines;

/// Appends the letter as it goes over the wire (RFC 5321 §4.5.2), final dot included. Every line end
/// becomes CRLF: a bare one is how a second letter is smuggled inside a first.
pub(super) fn dot_stuffed(text: &str, out: &mut String) {
    if needs_nothing(text.as_bytes()) {
        out.push_str(text);
    } else {
        for line in lines(text) {
            if line.starts_with('.') {
                out.push('.');
            }
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out.push_str(".\r\n");
}

/// Whether every line ends with CRLF and none begins with a dot: so it is with what `compose` makes. Looks at all
/// octets, without a branch for each.
fn needs_nothing(text: &[u8]) -> bool {
    let pairs = std::iter::zip(text, &text[text.len().min(1)..]);
    let odd = pairs.fold(false, |odd, (&a, &b)| {
        odd | ((a == b'\r') != (b == b'\n')) | ((a == b'\n') & (b == b'.'))
    });
    !odd && !text.starts_with(b".") && !text.starts_with(b"\n") && text.ends_with(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(text: &str) -> String {
        let mut out = String::new();
        dot_stuffed(text, &mut out);
        out
    }

    #[test]
    fn dots_are_stuffed_and_no_line_end_is_bare() {
        assert_eq!(stuffed("a\r\n.b\r\n..\r\n"), "a\r\n..b\r\n...\r\n.\r\n");
        assert_eq!(stuffed("a"), "a\r\n.\r\n");
        assert_eq!(stuffed(""), ".\r\n");
        assert_eq!(stuffed("a\r\n\r\nb\r\n"), "a\r\n\r\nb\r\n.\r\n");
        for bare in ["\na\r\n", "a\r\nb\n", "a\r\r\n", "a\r\n\n", "a\r\nb\r"] {
            assert!(!needs_nothing(bare.as_bytes()), "{bare:?}");
        }
        for smuggled in ["a\n.\nMAIL", "a\r.\rMAIL", "a\r\n.\rMAIL", "a\n.\r\nMAIL"] {
            assert_eq!(stuffed(smuggled), "a\r\n..\r\nMAIL\r\n.\r\n");
        }
    }
}
