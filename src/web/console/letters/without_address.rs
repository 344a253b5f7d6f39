//! What the page says of people whom a letter cannot reach, since the list of affected people has no postal address of
//! theirs. Their addresses are sealed, so that counting them opens the contact data of all who belong on a list and changed since
//! the count before: no page waits longer for that than people do.

use std::time::{Duration, Instant};

use super::page::ListLine;
use crate::app::App;
use crate::incident::Incident;
use crate::postal::lacking::Counts;
use crate::postal::{Batch, PostalKind};
use crate::web::figures::count;
use crate::web::problem::Problem;

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says it with each list for the post, before one is taken: their addresses can still be got then. The figure is that of
/// now, for staff who may take lists; where it is not known in time, of when the last list was taken.
pub(crate) async fn say(
    (app, counts): (&App, &Counts),
    of: &Incident,
    batches: &[Batch],
    lists: &mut [ListLine],
    may: bool,
) -> Result<(), Problem> {
    let begun = Instant::now();
    for line in lists
        .iter_mut()
        .filter(|line| line.by_post && line.people > 0)
    {
        let Ok(kind) = line.kind.parse::<PostalKind>() else {
            continue;
        };
        let last = batches.iter().find(|one| one.kind == kind);
        let last = last.filter(|one| one.without_address > 0);
        let left = PATIENCE.saturating_sub(begun.elapsed());
        line.without_address = match may {
            true => in_words(counts.count(app, of, kind, left).await?, last),
            false => last.map(left_out).unwrap_or_default(),
        };
    }
    Ok(())
}

fn in_words(now: Option<i64>, last: Option<&Batch>) -> String {
    match (now, last) {
        (Some(0), _) => String::new(),
        (Some(1), _) => {
            "1 person has no postal address: they need one, or are told otherwise.".to_owned()
        }
        (Some(n), _) => format!(
            "{} people have no postal address: they need one, or are told otherwise.",
            count(n)
        ),
        (None, Some(last)) => left_out(last),
        (None, None) => "How many have no postal address is not counted: they are many. The list leaves them out."
            .to_owned(),
    }
}

/// What was so when the last list was taken.
fn left_out(last: &Batch) -> String {
    let (people, were) = match last.without_address {
        1 => ("1 person".to_owned(), "was"),
        n => (format!("{} people", count(n)), "were"),
    };
    let at = last.taken_at.format("%-d %b, %H:%M");
    format!("{people} {were} left out of the list of {at} UTC, for want of a postal address.")
}
