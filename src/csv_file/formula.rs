//! Cells that a spreadsheet would take for formulas: made harmless on the way out, and what they were on
//! the way back in.

use std::borrow::Cow;

/// With what a cell begins that a spreadsheet takes for a formula, or that hides one.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The cell as it was before [`harmless`].
pub(super) fn as_it_was(cell: &[u8]) -> &[u8] {
    match cell {
        [b'\'', rest @ ..]
            if rest
                .first()
                .is_some_and(|c| FORMULA.contains(&char::from(*c))) =>
        {
            rest
        }
        _ => cell,
    }
}

/// A cell that a spreadsheet takes for text: what would be a formula gets a leading apostrophe.
pub fn harmless(cell: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(cell);
    if text.starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}
