//! A text made ready for DATA.

use super::encode::lines;

/// The letter as it goes over the wire (RFC 5321 §4.5.2), final dot included. Every line end
/// becomes CRLF: a bare one is how a second letter is smuggled inside a first.
pub(super) fn dot_stuffed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    if needs_nothing(text) {
        out.push_str(text);
        out.push_str(".\r\n");
        return out;
    }
    for line in lines(text) {
        if line.starts_with('.') {
            out.push('.');
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    out.push_str(".\r\n");
    out
}

/// Whether every line ends with CRLF and none begins with a dot: so it is with what `compose` makes.
fn needs_nothing(text: &str) -> bool {
    let octets = text.as_bytes();
    let mut ends = memchr::memchr2_iter(b'\r', b'\n', octets);
    while let Some(cr) = ends.next() {
        let whole = octets[cr] == b'\r' && ends.next() == Some(cr + 1) && octets[cr + 1] == b'\n';
        if !whole || octets.get(cr + 2) == Some(&b'.') {
            return false;
        }
    }
    !text.starts_with('.') && text.ends_with("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_stuffed_and_no_line_end_is_bare() {
        assert_eq!(dot_stuffed("a\r\n.b\r\n..\r\n"), "a\r\n..b\r\n...\r\n.\r\n");
        assert_eq!(dot_stuffed("a"), "a\r\n.\r\n");
        assert_eq!(dot_stuffed(""), ".\r\n");
        for smuggled in ["a\n.\nMAIL", "a\r.\rMAIL", "a\r\n.\rMAIL", "a\n.\r\nMAIL"] {
            assert_eq!(dot_stuffed(smuggled), "a\r\n..\r\nMAIL\r\n.\r\n");
        }
    }
}
