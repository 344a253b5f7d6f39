//! What a draft changes, counted from its staged rows and the people in force.

use std::ops::Range;

use super::Version;
use super::delta::{Delta, Difference};
use super::row_counts::RowCounts;
use super::store::{self, Compared, Own};
use crate::db::{self, Conn};
use crate::element::ElementSet;
use crate::id::{BUCKETS, IncidentId};
use crate::person::flags::Flags;

/// Rows that one statement may touch; beyond it goes bucket by bucket, which keeps its sorts in memory.
pub(super) const AT_ONCE: i64 = 10_000;

/// All buckets at once for a short list, else one after another.
pub(super) fn in_turn(rows: i64) -> Vec<Range<i32>> {
    let step = if rows > AT_ONCE { 1 } else { BUCKETS };
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < BUCKETS {
        ranges.push(from..from + step);
        from += step;
    }
    ranges
}

/// What a draft changes with the rows that it has now, and with what was answered about them. `own` is its table if
/// it is a first list. Of `before`, what its files were stays.
///
/// # Errors
/// The database's.
pub(super) async fn of_draft(
    conn: &mut Conn,
    incident: IncidentId,
    draft: &Version,
    own: Option<&Own>,
    before: &Delta,
) -> db::Result<Difference> {
    let version = draft.version;
    let mut difference = Difference::of(before.columns.clone(), before.absent.clone());
    let mut row_counts = RowCounts::default();
    let each = |kind: store::Kind| {
        let of = (kind.jurisdiction.as_str(), kind.flags);
        row_counts.add(kind.bucket, kind.exposed, of, kind.n);
    };
    store::count_kinds(conn, own, incident, version, each).await?;
    if own.is_none() {
        if draft.accepted > AT_ONCE {
            store::by_bucket(conn).await?;
        }
        for buckets in in_turn(draft.accepted) {
            let classes = store::compare_in(conn, incident, version, draft.mode, buckets).await?;
            for class in &classes {
                count(&mut difference, &mut row_counts, incident, class)?;
            }
        }
        difference.delta.kept = store::count_kept(conn, incident, version, draft.mode).await?;
        ask(conn, incident, version, &mut difference.delta).await?;
    }
    add_new(&mut difference, incident, &row_counts)?;
    let delta = &mut difference.delta;
    delta.replaced = before.replaced;
    delta.replaced_accepted = before.replaced_accepted;
    delta.refused_again = before.refused_again;
    delta.added_files.clone_from(&before.added_files);
    Ok(difference)
}

/// Counts the rows about which something is asked.
///
/// # Errors
/// The database's.
pub(super) async fn ask(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    delta: &mut Delta,
) -> db::Result<()> {
    let asked = store::count_asked(conn, incident, version).await?;
    delta.identity_changes = asked.another;
    delta.emails_lost = asked.emails_lost;
    delta.addresses_lost = asked.addresses_lost;
    delta.identity_changes_told = match asked.another {
        0 => 0,
        _ => store::count_another_told(conn, incident, version).await?,
    };
    Ok(())
}

/// Counts people whom a version changes in the same way, and takes them out of those who are new.
///
/// # Errors
/// `Inconsistent` for an element or a flag that is not known.
pub(super) fn count(
    difference: &mut Difference,
    row_counts: &mut RowCounts,
    incident: IncidentId,
    compared: &Compared,
) -> db::Result<()> {
    let (bucket, class) = compared.class(incident)?;
    if let Some((elements, of, rows)) = compared.listed() {
        row_counts.add(bucket, elements, of, -rows);
    }
    difference.delta.told_too_much += compared.told_too_much();
    difference.delta.told_retracted += compared.told_retracted();
    difference.add(bucket, class);
    Ok(())
}

/// Adds the new people.
///
/// # Errors
/// `Inconsistent` for an element or a flag that is not known.
pub(super) fn add_new(
    difference: &mut Difference,
    incident: IncidentId,
    row_counts: &RowCounts,
) -> db::Result<()> {
    let unknown = || db::Error::inconsistent("person", incident);
    for (bucket, people) in row_counts.buckets().filter(|(_, people)| *people > 0) {
        difference.add_new(bucket, people);
    }
    let delta = &mut difference.delta;
    for (bits, people) in row_counts.elements().filter(|(_, people)| *people > 0) {
        let elements = ElementSet::from_bits(bits).ok_or_else(unknown)?;
        delta.add_elements(elements, people);
    }
    for (under, people) in row_counts.jurisdictions().filter(|(_, people)| *people > 0) {
        delta.add_under(under, people);
    }
    for (bits, people) in row_counts.flags().filter(|(_, people)| *people > 0) {
        let flags = Flags::from_bits(bits).ok_or_else(unknown)?;
        delta.set_flags(flags, people);
    }
    Ok(())
}
