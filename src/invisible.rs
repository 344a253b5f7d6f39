//! Characters that do not show: in a code they are a mistake that cannot be seen, in a name some are spelling, and a
//! text of nothing else is empty to its reader.

/// Whether a character has no glyph of its own and is no white space (`Default_Ignorable_Code_Point` of Unicode),
/// or shows as nothing, as the Braille blank does.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nothing of a text shows.
pub(crate) fn shows_nothing(text: &str) -> bool {
    text.chars()
        .all(|c| is_invisible(c) || c.is_whitespace() || c.is_control())
}
