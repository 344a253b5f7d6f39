//! The refused rows of a scope version as its page shows them: grouped by reason, and the first of them one by
//! one, each with the cell at fault.

use crate::app::App;
use crate::db::Conn;
use crate::incident::Incident;
use crate::scope::delta::Delta;
use crate::scope::{self, Place, Version, store};
use crate::web::problem::Problem;

/// How many rows the page shows.
const SHOWN: i64 = 50;
/// How many reasons.
const REASONS: usize = 50;
/// Characters of a cell that the page shows.
const MOST: usize = 120;

/// The refused rows of a version.
#[derive(Debug, Clone, Default)]
pub struct Rejected {
    /// The most frequent reasons.
    pub reasons: Vec<Reason>,
    /// The first rows; the rest is in the download.
    pub rows: Vec<Reject>,
}

/// Why some rows were refused.
#[derive(Debug, Clone)]
pub struct Reason {
    /// How many rows.
    pub rows: i64,
    /// The reason, in words that are true of all of them.
    pub words: String,
    /// The first of them.
    pub example: Reject,
}

/// A row that was refused, for one reason.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Its line in the file, the header being 1; and which file, if it was added to the draft.
    pub line: String,
    /// The column at fault; empty when it is the row as a whole.
    pub column: String,
    /// What stands there, cut short; of a row as a whole its cells, in the order of its file.
    pub cell: String,
    /// Why, and what would be right.
    pub reason: String,
}

impl Rejected {
    /// Those of a version; none if its incident is forgotten.
    ///
    /// # Errors
    /// The database's, or another master key.
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

    /// How many rows are on the page.
    pub fn shown(&self) -> i64 {
        let mut lines: Vec<&str> = self.rows.iter().map(|row| row.line.as_str()).collect();
        lines.dedup();
        i64::try_from(lines.len()).unwrap_or(i64::MAX)
    }
}

/// A refused row once for each of its reasons.
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

/// The beginning of a cell, without what a page cannot show.
fn short(cell: &str) -> String {
    let shown = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut short: String = cell.chars().take(MOST).map(shown).collect();
    if cell.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_cut_short_and_shows_where_it_holds_control_characters() {
        assert_eq!(short("a\0b"), "a\u{fffd}b");
        assert_eq!(short(&"é".repeat(120)), "é".repeat(120));
        assert_eq!(short(&"é".repeat(121)), "é".repeat(120) + "…");
    }
}
