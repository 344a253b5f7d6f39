//! What the page says of people whom a letter cannot reach, since the list of affected people has no postal address of
//! theirs. Their addresses are sealed, so that counting them opens the contact data of all who belong on a list and changed since
//! the count before: no page waits longer for that than people do.

use std::time::{Duration, Instant};

use super::ListLine;
use crate::app::App;
use crate::incident::Incident;
use crate::postal::Batch;
use crate::postal::lacking::Counts;
use crate::web::figures::count;
use crate::web::problem::Problem;

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says it with the lists whose last one left people out; the figure is that of now, for staff who may take lists.
pub(super) async fn say(
    (app, counts): (&App, &Counts),
    of: &Incident,
    batches: &[Batch],
    lists: &mut [ListLine],
    may: bool,
) -> Result<(), Problem> {
    let begun = Instant::now();
    for line in lists.iter_mut().filter(|line| line.people > 0) {
        let last = batches.iter().find(|one| one.kind.as_str() == line.kind);
        let Some(last) = last.filter(|one| one.without_address > 0) else {
            continue;
        };
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let now = match may {
            true => counts.count(app, of, last.kind, left).await?,
            false => None,
        };
        line.without_address = match now {
            Some(0) => String::new(),
            Some(1) => {
                "1 person has no postal address: they need one, or are told otherwise.".to_owned()
            }
            Some(n) => format!(
                "{} people have no postal address: they need one, or are told otherwise.",
                count(n)
            ),
            None => left_out(last),
        };
    }
    Ok(())
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
