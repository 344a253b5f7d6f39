//! The rejected rows of a version: grouped by reason, and the first rows one by one, each with the cell at fault.

use crate::app::App;
use crate::db::Conn;
use crate::incident::Incident;
use crate::scope::delta::Delta;
use crate::scope::{self, Place, Version, store};
use crate::web::problem::Problem;

/// How many rejected rows the page shows.
const SHOWN: i64 = 50;
/// How many reasons the page shows.
const REASONS: usize = 50;
/// How many characters of a cell the page shows.
const CELL_LENGTH: usize = 120;

/// The rejected rows of a version.
#[derive(Debug, Clone, Default)]
pub struct Rejected {
    /// The most frequent reasons.
    pub reasons: Vec<Reason>,
    /// The first rows; the download has all.
    pub rows: Vec<Reject>,
}

/// The reason of some rejected rows.
#[derive(Debug, Clone)]
pub struct Reason {
    /// How many rows.
    pub rows: i64,
    /// The reason, in words that hold for all of these rows.
    pub words: String,
    /// The first of these rows.
    pub example: Reject,
}

/// A rejected row with one of its reasons.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Its line in the file, where the header is line 1; with the number of the file if several were added.
    pub line: String,
    /// The column at fault; empty for the whole row.
    pub column: String,
    /// The beginning of the cell; for the whole row the beginning of all its cells.
    pub cell: String,
    /// The reason, and what would be right.
    pub reason: String,
}

impl Rejected {
    /// Reads them; none of a forgotten incident.
    ///
    /// # Errors
    /// Database errors, or another master key.
    pub async fn of(
        app: &App,
        conn: &mut Conn,
        of: &Incident,
        version: &Version,
    ) -> Result<Self, Problem> {
        let Some(key) = of.key(&app.keys).map_err(Problem::broken)? else {
            return Ok(Self::default());
        };
        let version_id = version.version;
        let delta = version.delta.clone().unwrap_or_default();
        let first = store::list_rejects(conn, &key, of.id, version_id, 0, SHOWN).await?;
        let groups = store::group_rejects(conn, &key, of.id, version_id, REASONS).await?;
        let place = |group: &store::RejectGroup| Place {
            file: group.file,
            line: group.line,
        };
        let places: Vec<Place> = groups.iter().map(place).collect();
        let examples = store::find_rejects(conn, &key, of.id, version_id, &places).await?;
        let reason = |group: &store::RejectGroup| {
            let of_group =
                |one: &Reject| one.column == shown(&group.column) && one.reason == group.first;
            let row = examples
                .iter()
                .find(|reject| reject.place() == place(group))?;
            let example = reasons(row, &delta).find(of_group)?;
            Some(Reason {
                rows: group.rows,
                words: group.why.clone(),
                example,
            })
        };
        Ok(Self {
            reasons: groups.iter().filter_map(reason).collect(),
            rows: first
                .iter()
                .flat_map(|reject| reasons(reject, &delta))
                .collect(),
        })
    }

    /// How many different rows the page shows.
    pub fn shown(&self) -> i64 {
        let mut lines: Vec<&str> = self.rows.iter().map(|row| row.line.as_str()).collect();
        lines.dedup();
        i64::try_from(lines.len()).unwrap_or(i64::MAX)
    }
}

/// A rejected row, once for each of its reasons.
fn reasons<'a>(of: &'a scope::Reject, delta: &'a Delta) -> impl Iterator<Item = Reject> + use<'a> {
    of.reasons.iter().map(|reason| Reject {
        line: of.place().to_string(),
        column: shown(&reason.column),
        cell: short(&of.cell(&reason.column, delta)),
        reason: reason.why.clone(),
    })
}

fn shown(column: &str) -> String {
    match column {
        "row" => String::new(),
        column => column.to_owned(),
    }
}

/// The beginning of a cell, without control characters.
fn short(cell: &str) -> String {
    let shown = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut short: String = cell.chars().take(CELL_LENGTH).map(shown).collect();
    if cell.chars().nth(CELL_LENGTH).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_shortened_and_shows_where_control_characters_are() {
        assert_eq!(short("a\0b"), "a\u{fffd}b");
        assert_eq!(short(&"é".repeat(120)), "é".repeat(120));
        assert_eq!(short(&"é".repeat(121)), "é".repeat(120) + "…");
    }
}
