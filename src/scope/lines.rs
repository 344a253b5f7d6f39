//! The lines of a list and what became of them: they add up, or the list was not read whole.

use crate::csv_file;

/// How many lines of a file are what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileLines {
    /// Lines of the file. LF, CRLF and a CR alone end one.
    pub lines: i64,
    /// Lines before the first row that are not blank.
    pub header: i64,
    /// Lines with nothing but delimiters.
    pub blank: i64,
    /// Second and later lines of rows with line breaks in their cells.
    pub continued: i64,
    /// Whether the last line has no line break: then the file may have been cut.
    pub ends_open: bool,
}

impl From<csv_file::Lines> for FileLines {
    fn from(of: csv_file::Lines) -> Self {
        let whole = |lines| i64::try_from(lines).unwrap_or(i64::MAX);
        Self {
            lines: whole(of.lines),
            header: whole(of.header),
            blank: whole(of.blank),
            continued: whole(of.continued),
            ends_open: of.ends_open,
        }
    }
}

impl FileLines {
    /// The lines of this file and of another that was added to it.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            lines: self.lines + other.lines,
            header: self.header + other.header,
            blank: self.blank + other.blank,
            continued: self.continued + other.continued,
            ends_open: self.ends_open || other.ends_open,
        }
    }

    /// Whether every line is accounted for, with these numbers of rows: accepted, rejected, and replaced by rows of
    /// added files.
    #[must_use]
    pub const fn add_up(&self, accepted: i64, rejected: i64, replaced: i64) -> bool {
        let rows = accepted + rejected + replaced;
        self.lines == self.header + rows + self.continued + self.blank
    }

    /// `1,001 lines = 1 header + 999 accepted + 1 refused + 0 blank`. `replaced`: rows that others replaced, and how
    /// many of them are refused rows that were refused again.
    #[must_use]
    pub fn sum(&self, accepted: i64, rejected: i64, replaced: (i64, i64)) -> String {
        let mut sum = format!(
            "{} lines = {} header + {} accepted + {} refused + {} blank",
            thousands(self.lines),
            thousands(self.header),
            thousands(accepted),
            thousands(rejected),
            thousands(self.blank),
        );
        let (replaced, again) = replaced;
        if replaced > again {
            let replaced = thousands(replaced - again);
            sum += &format!(" + {replaced} replaced or corrected");
        }
        if again > 0 {
            sum += &format!(" + {} sent again and refused again", thousands(again));
        }
        if self.continued > 0 {
            let more = thousands(self.continued);
            sum += &format!(" + {more} further lines of cells with line breaks");
        }
        sum
    }
}

/// `1,234,567`.
fn thousands(n: i64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_names_every_line() {
        let mut lines = FileLines {
            lines: 1_001,
            header: 1,
            ..FileLines::default()
        };
        assert!(lines.add_up(999, 1, 0) && !lines.add_up(600, 1, 0));
        let sum = "1,001 lines = 1 header + 999 accepted + 1 refused + 0 blank";
        assert_eq!(lines.sum(999, 1, (0, 0)), sum);
        let both = lines.plus(FileLines {
            lines: 2,
            header: 1,
            ..FileLines::default()
        });
        assert!(both.add_up(1_000, 0, 1));
        assert!(
            both.sum(1_000, 0, (1, 0))
                .ends_with("+ 0 blank + 1 replaced or corrected")
        );
        let again = both.sum(999, 1, (3, 2));
        assert!(again.ends_with("+ 1 replaced or corrected + 2 sent again and refused again"));
        (lines.lines, lines.continued) = (1_234_567, 1_233_566);
        assert!(lines.add_up(999, 1, 0));
        assert!(
            lines
                .sum(999, 1, (0, 0))
                .ends_with("0 blank + 1,233,566 further lines of cells with line breaks")
        );
    }
}
