//! Letters that came back, as a mail house reports them: a CSV with a column `reference` or `letter_code` (both may be
//! there) and a column `reason`.

use crate::csv_file::{self, ReadError, Record};
use crate::id::PersonId;
use crate::link::NoticeCode;

/// The most letters that one file reports.
pub const MOST: usize = 20_000;
/// The longest reason, in characters.
const REASON: usize = 200;

/// Which letter.
#[derive(Clone)]
pub enum Which {
    /// The last one posted to the person with this reference.
    Reference(String),
    /// The last one to the person with this id: lists name former persons so.
    Person(PersonId),
    /// The one that carries this code.
    Code(NoticeCode),
}

/// One letter that came back.
#[derive(Clone)]
pub struct Slip {
    /// The line of the file, from 1; or the place in another list.
    pub line: usize,
    /// Which letter.
    pub which: Which,
    /// What the column `reference` has besides a code: it must be of the same person.
    pub besides: Option<Which>,
    /// Why, for those who list it again: `moved away`.
    pub reason: String,
}

impl Slip {
    /// Whether the letter was never posted, or its person never told, rather than returned.
    pub fn was_not_posted(&self) -> bool {
        matches!(self.word().trim(), "not posted" | "not sent" | "not told")
    }

    /// Whether the person was not told by word of mouth after all.
    pub fn was_not_told(&self) -> bool {
        self.word().trim() == "not told"
    }

    fn word(&self) -> String {
        self.reason.to_lowercase().replace(['_', '-'], " ")
    }
}

/// Why one letter was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Neither column has anything.
    #[error("the line names no letter: it needs a reference or a letter code")]
    Nothing,
    /// The check symbol is wrong.
    #[error("a letter of the code is missing or mistyped")]
    Mistyped,
    /// Not one line of at most 200 characters.
    #[error("the reason is missing, or longer than 200 characters")]
    Reason,
    /// No such letter in this incident.
    #[error("there is no letter to this reference or with this code")]
    Unknown,
    /// The reference names two people who got letters.
    #[error(
        "letters went to two people under this reference, which was given to another person: give the code of the \
         letter, the id of the former person, or the list"
    )]
    TwoPeople,
    /// Reference and code are not of the same person.
    #[error("the letter with this code went to another person than the reference names")]
    AnotherPerson,
    /// Its list waits.
    #[error("this letter is on a list that is not recorded as posted")]
    NotPosted,
    /// Its quotation marks do not fit, so that its cells cannot be told from each other.
    #[error(
        "a quotation mark of this line is not closed, or has text behind it; or the line may be a part of another one"
    )]
    Damaged,
    /// Another number of cells than the first line.
    #[error(
        "the line has another number of cells than the first line: put a reason with a comma in quotation marks"
    )]
    Width,
    /// Not UTF-8.
    #[error("the line is not text in UTF-8")]
    NotText,
    /// Recorded before.
    #[error("this letter is recorded as returned or not posted already")]
    Already,
}

/// Why a file was refused whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// Not a CSV that can be read.
    #[error("the file cannot be read: {0}")]
    Read(String),
    /// The columns are not there.
    #[error("the first line must name the columns: reference or letter_code, and reason")]
    Columns,
    /// Nothing in it.
    #[error("the file names no letter")]
    Empty,
    /// Too long.
    #[error("the file has more than {MOST} lines: divide it")]
    TooLong,
}

/// Lines read from a file: letters, and lines that name none.
pub type Slips = Vec<Result<Slip, (usize, Refused)>>;

/// Checks one letter.
///
/// # Errors
/// [`Refused::Nothing`], [`Refused::Mistyped`], [`Refused::Reason`].
pub fn slip(line: usize, reference: &str, code: &str, reason: &str) -> Result<Slip, Refused> {
    let (reference, code, reason) = (reference.trim(), code.trim(), reason.trim());
    let named = (!reference.is_empty()).then(|| match reference.parse() {
        Ok(person) => Which::Person(person),
        Err(_) => Which::Reference(plain(reference).to_owned()),
    });
    let (which, besides) = match (code, named) {
        ("", None) => return Err(Refused::Nothing),
        ("", Some(named)) => (named, None),
        (code, named) => {
            let code = NoticeCode::parse(code).ok_or(Refused::Mistyped)?;
            (Which::Code(code), named)
        }
    };
    let fine = !reason.is_empty() && reason.chars().count() <= REASON;
    let reason = fine.then(|| reason.to_owned()).ok_or(Refused::Reason)?;
    Ok(Slip {
        line,
        which,
        besides,
        reason,
    })
}

/// A cell as it was before the list made it harmless for spreadsheets.
pub(super) fn plain(cell: &str) -> &str {
    let rest = cell.strip_prefix('\'');
    rest.filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t']))
        .unwrap_or(cell)
}

/// Reads a file, as strictly as affected lists are read: a damaged line is refused with its number, and reading goes on
/// at the next one.
///
/// # Errors
/// [`BadFile`].
pub fn read(file: &[u8]) -> Result<Slips, BadFile> {
    let mut records = match csv_file::open(file) {
        Ok(records) => records,
        Err(error) => return Err(unread(&error)),
    };
    let head = match records.header() {
        Ok(head) => head,
        Err(ReadError::Empty) => return Err(BadFile::Columns),
        Err(error) => return Err(unread(&error)),
    };
    let column = |name: &str| head.iter().position(|cell| is(cell, name));
    let (reference, code) = (column("reference"), column("letter_code"));
    let reason = column("reason").ok_or(BadFile::Columns)?;
    if reference.is_none() && code.is_none() {
        return Err(BadFile::Columns);
    }
    let (mut slips, mut record) = (Slips::new(), Record::default());
    while records.read(&mut record).map_err(|error| unread(&error))? {
        if slips.len() == MOST {
            return Err(BadFile::TooLong);
        }
        let line = usize::try_from(record.line).unwrap_or(usize::MAX);
        let read = whole(&record, head.len()).and_then(|()| {
            let (reference, code) = (cell(&record, reference)?, cell(&record, code)?);
            slip(line, reference, code, cell(&record, Some(reason))?)
        });
        slips.push(read.map_err(|why| (line, why)));
    }
    if slips.is_empty() {
        return Err(BadFile::Empty);
    }
    Ok(slips)
}

fn unread(error: &ReadError) -> BadFile {
    BadFile::Read(error.to_string())
}

fn whole(record: &Record, width: usize) -> Result<(), Refused> {
    if record.damage.is_some() {
        return Err(Refused::Damaged);
    }
    match record.cells.len() == width {
        true => Ok(()),
        false => Err(Refused::Width),
    }
}

fn is(cell: &str, name: &str) -> bool {
    cell.trim()
        .replace([' ', '-'], "_")
        .eq_ignore_ascii_case(name)
}

fn cell(of: &Record, column: Option<usize>) -> Result<&str, Refused> {
    let cell = column.and_then(|column| of.cells.get(column));
    str::from_utf8(cell.unwrap_or_default()).map_err(|_| Refused::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_names_a_letter_or_says_why_not() {
        let file = "Reason,Reference,Letter code\nmoved away,r-1,\nrefused,,7F3K\n,r-2,\nNot posted,r-3,\n\n,,\nlost,,\n";
        let read = read(file.as_bytes()).expect("a file");
        let seen: Vec<_> = read
            .iter()
            .map(|line| match line {
                Ok(slip) => (slip.line, Ok(slip.was_not_posted())),
                Err((line, why)) => (*line, Err(*why)),
            })
            .collect();
        let expected = [
            (2, Ok(false)),
            (3, Err(Refused::Mistyped)),
            (4, Err(Refused::Reason)),
            (5, Ok(true)),
            (8, Err(Refused::Nothing)),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_file_without_its_columns_is_refused() {
        let refused = |file: &[u8]| read(file).err();
        assert_eq!(refused(b"reference\nr-1\n"), Some(BadFile::Columns));
        assert_eq!(refused(b"reason\nlost\n"), Some(BadFile::Columns));
        assert_eq!(refused(b"reference,reason\n"), Some(BadFile::Empty));
        let read = read(b"reference,reason\nr,\xff\nr-2,lost\n").unwrap();
        assert_eq!(read[0].as_ref().err(), Some(&(2, Refused::NotText)));
        assert_eq!(read[1].as_ref().map(|slip| slip.line).ok(), Some(3));
        assert_eq!(refused(b""), Some(BadFile::Columns));
    }

    #[test]
    fn b14_a_damaged_line_costs_itself_and_is_named() {
        let file = "reference,reason\r\nR0,moved\r\nR3,gone\r\n\"R1,moved away\r\nR2,\"gone \"\"for\"\" good\"\r\nR4,a,b\r\nR5,lost\r\n";
        let lines = read(file.as_bytes()).unwrap();
        let named: Vec<_> = lines
            .iter()
            .map(|line| match line {
                Ok(slip) => (slip.line, None),
                Err((line, why)) => (*line, Some(*why)),
            })
            .collect();
        assert_eq!(
            named.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2, 3, 4, 5, 6, 7]
        );
        assert_eq!(named[2], (4, Some(Refused::Damaged)));
        assert_eq!(named[4], (6, Some(Refused::Width)));
        assert_eq!((named[0].1, named[5].1), (None, None));
    }

    #[test]
    fn a_reference_made_harmless_for_spreadsheets_is_the_same() {
        assert_eq!((plain("'=a"), plain("'a"), plain("a")), ("=a", "'a", "a"));
    }
}
