//! Wraps text at 72 columns, in any script: at spaces, and between Chinese and Japanese
//! characters. A word that is longer (an address) stays whole.

/// The widest line, in columns of a fixed-width screen.
pub(super) const WIDTH: usize = 72;

/// Appends `text` to the line that `out` ends with; further lines begin with `margin`. A line
/// break in `text` stays one.
pub(super) fn wrap(text: &str, margin: &str, out: &mut String) {
    let margin_columns = columns(margin);
    let start = out.rfind('\n').map_or(0, |end| end + 1);
    let mut column = columns(&out[start..]);
    let text = text.trim_start_matches('\n');
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            column = new_line(margin, out);
        }
        let mut fresh = true;
        for word in line.split([' ', '\t']).filter(|word| !word.is_empty()) {
            let mut space = usize::from(!fresh);
            for chunk in Chunks(word) {
                let width = columns(chunk);
                if !fresh && column + space + width > WIDTH && column > margin_columns {
                    column = new_line(margin, out);
                    space = 0;
                }
                if space == 1 {
                    out.push(' ');
                }
                out.push_str(chunk);
                column += space + width;
                (space, fresh) = (0, false);
            }
        }
    }
}

fn new_line(margin: &str, out: &mut String) -> usize {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
    out.push_str(margin);
    columns(margin)
}

/// Columns that a text takes: two for wide characters, none for combining ones.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    match c {
        '\u{0300}'..='\u{036F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' => 0,
        '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{064B}'..='\u{065F}' => 0,
        '\u{1100}'..='\u{115F}' | '\u{AC00}'..='\u{D7A3}' | '\u{1F300}'..='\u{1FAFF}' => 2,
        c if is_ideographic(c) => 2,
        _ => 1,
    }
}

/// Characters between which a line may break without a space.
fn is_ideographic(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{20000}'..='\u{3FFFD}')
}

/// Punctuation that must not begin a line.
fn is_closing(c: char) -> bool {
    "、。，．：；！？）】》」』〉〕｝”’…％·ー".contains(c) || c.is_ascii_punctuation()
}

/// Punctuation that must not end a line.
fn is_opening(c: char) -> bool {
    "（【《「『〈〔｛“‘".contains(c)
}

/// The parts of a word between which a line may break.
struct Chunks<'w>(&'w str);

impl<'w> Iterator for Chunks<'w> {
    type Item = &'w str;

    fn next(&mut self) -> Option<&'w str> {
        if self.0.is_ascii() {
            let word = std::mem::take(&mut self.0);
            return Some(word).filter(|word| !word.is_empty());
        }
        let mut chars = self.0.char_indices();
        let (_, mut before) = chars.next()?;
        let end = chars
            .find_map(|(at, c)| {
                let may_break = (is_ideographic(before) || is_ideographic(c))
                    && !is_closing(c)
                    && !is_opening(before)
                    && width(c) > 0;
                before = c;
                may_break.then_some(at)
            })
            .unwrap_or(self.0.len());
        let (chunk, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(chunk)
    }
}
