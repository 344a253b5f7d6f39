//! People without a postal address in the affected list, who cannot get a letter. Addresses are sealed: a count
//! opens the contact data of people on a list who changed since the last count. A page waits at most `PATIENCE`.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::list_line::ListLine;
use crate::app::App;
use crate::incident::Incident;
use crate::postal::lacking::Counts;
use crate::postal::store::Taken;
use crate::postal::{Batch, MinorsRule, PostalKind};
use crate::staff::right::ImportScope;
use crate::web::caller::Allowed;
use crate::web::console::incident::incident_at;
use crate::web::figures::count;
use crate::web::postal_letters::references;
use crate::web::problem::{Answer, Problem};

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Adds the sentence to each list for the post, so that staff can add addresses before they take it. Staff who may take
/// lists see the present figure; if it is not counted in time, the figure of the last list.
pub(crate) async fn add(
    (app, counts): (&App, &Counts),
    (of, rule): (&Incident, MinorsRule),
    batches: &[Taken],
    lists: &mut [ListLine],
    may: bool,
) -> Result<(), Problem> {
    let by_post = lists.iter_mut().filter_map(|line| {
        let kind = line.kind.parse::<PostalKind>().ok()?;
        (line.by_post && line.people > 0).then_some((kind, line))
    });
    let by_post: Vec<_> = by_post.collect();
    let kinds: Vec<_> = by_post.iter().map(|(kind, _)| *kind).collect();
    let now = match may {
        true => counts.count(app, of, (&kinds, rule), PATIENCE).await?,
        false => HashMap::new(),
    };
    for (kind, line) in by_post {
        let last = batches
            .iter()
            .map(|one| &one.batch)
            .find(|one| one.kind == kind);
        let last = last.filter(|one| one.without_address > 0);
        line.without_address = match may {
            true => in_words(now.get(&kind).copied(), last),
            false => last.map(left_out).unwrap_or_default(),
        };
    }
    Ok(())
}

fn in_words(now: Option<i64>, last: Option<&Batch>) -> String {
    match (now, last) {
        (Some(0), _) => String::new(),
        (Some(1), _) => {
            "1 person has no postal address: they need one, or must be told otherwise.".to_owned()
        }
        (Some(n), _) => format!(
            "{} people have no postal address: they need one, or must be told otherwise.",
            count(n)
        ),
        (None, Some(last)) => left_out(last),
        (None, None) => "The people without a postal address are not counted: the list is long. It leaves them out."
            .to_owned(),
    }
}

/// The figure of the last list.
fn left_out(last: &Batch) -> String {
    let (people, were) = match last.without_address {
        1 => ("1 person".to_owned(), "was"),
        n => (format!("{} people", count(n)), "were"),
    };
    let at = last.taken_at.format("%-d %b, %H:%M");
    format!("{people} {were} left out of the list of {at} UTC, because they had no postal address.")
}

/// The query: the kind of list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OfKind {
    kind: Option<PostalKind>,
}

/// `GET /console/incidents/{slug}/letters/without-address`: the references of people who belong on a list for the post
/// and have no postal address, as CSV.
///
/// # Errors
/// 404.
pub(crate) async fn download(
    who: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
    asked: Query<OfKind>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let kind = asked.kind.unwrap_or(PostalKind::Letter);
    references(&app, &who, &of, kind).await
}
