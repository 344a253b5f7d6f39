//! Keeps text of one writing direction from reordering text of the other (Unicode UAX 9).

/// The text, with its own direction, apart from what stands around it.
pub(super) fn isolate(text: &str) -> String {
    format!("{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}")
}

/// The text from left to right, apart from what stands around it: codes, addresses, numbers.
pub(super) fn left_to_right(text: &str) -> String {
    format!("{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}")
}

/// Embeddings, overrides and isolates: unclosed, they turn round what follows.
pub(super) fn is_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
const POP_ISOLATE: char = '\u{2069}';

/// Whether a value has letters of the direction that the text around it has not.
pub(super) fn runs_against(value: &str, rtl: bool) -> bool {
    value.chars().any(|c| {
        if rtl {
            c.is_alphabetic() && !is_rtl(c)
        } else {
            is_rtl(c)
        }
    })
}

pub(super) fn is_rtl(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}' | '\u{200F}')
}
