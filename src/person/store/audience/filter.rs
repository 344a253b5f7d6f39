//! The conditions of an audience in SQL, of `person p`; $1 is the incident.

use uuid::Uuid;

use crate::id::CampaignId;
use crate::person::audience::{AudienceFilter, Who};
use crate::person::narrowing::Wave;

/// What was named to `person p` and is not theirs.
const WRONG: &str = "case when p.standing = 'retracted' then p.named else p.named & ~p.exposed end";

/// What an [`AudienceFilter`] means, of `person p`. [`AudienceFilter::covers`] says the same of what a person's row decides.
pub(super) fn is_meant(filter: &AudienceFilter) -> String {
    let (who, narrow, wave) = (
        is_of(filter.who),
        is_inside(filter, Reads::One),
        is_in_wave(filter),
    );
    format!("p.incident_id = $1 and {who} and {narrow} and {wave}")
}

/// Whether `person p` was told what the audience is for.
pub(super) fn is_of(who: Who) -> String {
    match who {
        Who::Everyone => "p.standing <> 'retracted'".to_owned(),
        Who::ToldNothing => "p.standing <> 'retracted' and p.told is null".to_owned(),
        Who::OwedMore => {
            "p.standing <> 'retracted' and p.told is not null and p.exposed & ~p.named <> 0"
                .to_owned()
        }
        Who::OverTold => format!("p.standing <> 'retracted' and {WRONG} <> 0"),
        Who::RetractedAfterNotice => "p.standing = 'retracted' and p.named <> 0".to_owned(),
        Who::WronglyTold => format!("{WRONG} <> 0"),
        Who::Told => "p.told is not null".to_owned(),
    }
}

/// How a statement finds what other tables say of a person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// It looks for a few people: by the key of the other table, person by person.
    One,
    /// It reads all people, joined with [`JOINS`].
    All,
}

/// The other tables, joined; each has one row of a person at most.
pub(super) const JOINS: [(&str, &str); 3] = [
    (
        "left join notice e on e.campaign_id = $9 and e.bucket = p.bucket and e.person_id = p.id
            and e.status::text = any($10)",
        "e.id is not null",
    ),
    (
        "left join reference_list_entry l on l.incident_id = $1 and l.digest = $11 and l.bucket = p.bucket
            and l.reference_key = p.reference_key",
        "l.bucket is not null",
    ),
    (
        "left join reference_list_entry x on x.incident_id = $1 and x.digest = $12 and x.bucket = p.bucket
            and x.reference_key = p.reference_key",
        "x.bucket is null",
    ),
];

/// The same as conditions of one person.
const LOOKED_UP: [&str; 3] = [
    "exists (select from notice e where e.campaign_id = $9 and e.bucket = p.bucket and e.person_id = p.id
        and e.status::text = any($10))",
    "exists (select from reference_list_entry l where l.incident_id = $1 and l.digest = $11 and l.bucket = p.bucket
        and l.reference_key = p.reference_key)",
    "not exists (select from reference_list_entry x where x.incident_id = $1 and x.digest = $12
        and x.bucket = p.bucket and x.reference_key = p.reference_key)",
];

/// Which of [`JOINS`] a filter needs.
pub(super) fn needs(filter: &AudienceFilter) -> [bool; 3] {
    [
        filter.earlier.is_some(),
        filter.only_listed.is_some(),
        filter.not_listed.is_some(),
    ]
}

/// Whether the filter leaves `person p` in, whatever they were told: $2 jurisdictions, $3 locales, $4 elements, $5 flags,
/// $8 all elements, no elements, no flags; $9 to $12 as in [`JOINS`].
pub(super) fn is_inside(filter: &AudienceFilter, reads: Reads) -> String {
    let elements = match filter.who {
        Who::Told => "p.named",
        who if who.is_about_told() => WRONG,
        _ => "p.exposed",
    };
    let mut is = format!(
        "(cardinality($2) = 0 or p.jurisdiction = any($2) or split_part(p.jurisdiction, '-', 1) = any($2))
        and (cardinality($3) = 0 or p.locale = any($3) or split_part(p.locale, '-', 1) = any($3))
        and ($4 = 0 or ({elements}) & $4 <> 0)
        and ($5 = 0 or p.flags & $5 <> 0)
        and ({elements}) & $8[1] = $8[1] and ({elements}) & $8[2] = 0 and p.flags & $8[3] = 0"
    );
    for (n, needed) in needs(filter).into_iter().enumerate() {
        if needed {
            let condition = match reads {
                Reads::One => LOOKED_UP[n],
                Reads::All => JOINS[n].1,
            };
            is = format!("{is} and {condition}");
        }
    }
    is
}

/// Whether `person p` is in the wave: three octets of the keyed hash of their reference, not the first, which is the bucket.
pub(super) fn is_in_wave(filter: &AudienceFilter) -> &'static str {
    match filter.wave {
        None => "true",
        Some(_) => {
            "(get_byte(p.reference_key, 1) * 65536 + get_byte(p.reference_key, 2) * 256
                + get_byte(p.reference_key, 3)) % 1000 between $8[4] and $8[5] - 1"
        }
    }
}

/// What was exposed of `person p`, as a notice counts it.
pub(super) const THEIRS: &str = "case when p.standing = 'retracted' then 0 else p.exposed end";

/// Whether `person p` gets e-mail: they have an address that no bounce condemned, and they are no minor (1 is
/// `Flags::MINOR`) of an incident that holds minors for a letter to the guardian.
pub(super) const MAILABLE: &str = "(p.has_address and (p.flags & 1 = 0
    or (select i.minors from incident i where i.id = $1) <> 'guardian_letter'))";

/// Notices of `notice n` that may still be sent. $6 are the campaigns of `launched::launched`.
pub(super) const UNSETTLED: &str =
    "n.campaign_id = any($6) and n.status in ('queued', 'sending', 'deferred', 'uncertain')";

/// Notices of `notice n` that may have arrived, of campaigns that are over. $7 are those of `launched::launched`. If they name
/// something that the person is not known to know, the person may have been told.
pub(super) const UNCERTAIN: &str = "n.campaign_id = any($7) and n.status = 'uncertain'";

/// Whether `person p` is left out or taken for what may have arrived, and has nothing unsettled elsewhere. A subquery for
/// each person, found by the key of `notice`: a join would read all of a bucket.
pub(super) fn is_free(filter: &AudienceFilter) -> String {
    let is = if filter.may_have_been_told {
        "is not null"
    } else {
        "is null"
    };
    let none = if filter.may_have_been_told {
        "false"
    } else {
        "cardinality($7) = 0"
    };
    format!(
        "(cardinality($6) = 0 or (select true from notice n
            where n.bucket = p.bucket and n.person_id = p.id and {UNSETTLED} limit 1) is null)
        and ({none} or (select true from notice n
            where n.bucket = p.bucket and n.person_id = p.id and {UNCERTAIN} and n.named & ~p.named <> 0 limit 1) {is})"
    )
}

/// A statement about an audience with the parameters of [`is_meant`] and [`is_free`] bound: $1 to $12.
macro_rules! ask {
    ($sql:expr, $incident:expr, $filter:expr, $launched:expr) => {{
        use crate::person::store::audience::filter;
        diesel::sql_query($sql)
            .bind::<diesel::sql_types::Uuid, _>($incident)
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(filter::places($filter))
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(filter::locales($filter))
            .bind::<diesel::sql_types::BigInt, _>($filter.elements.bits())
            .bind::<diesel::sql_types::Integer, _>($filter.flags.bits())
            .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(filter::ids(
                &$launched.unsettled,
            ))
            .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(filter::ids(
                &$launched.uncertain,
            ))
            .bind::<diesel::sql_types::Array<diesel::sql_types::BigInt>, _>(filter::numbers(
                $filter,
            ))
            .bind::<diesel::sql_types::Nullable<diesel::sql_types::Uuid>, _>(
                $filter.earlier.as_ref().map(|(of, _)| of.uuid()),
            )
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(filter::states($filter))
            .bind::<diesel::sql_types::Nullable<diesel::sql_types::Bytea>, _>(
                $filter.only_listed.map(|list| list.0.to_vec()),
            )
            .bind::<diesel::sql_types::Nullable<diesel::sql_types::Bytea>, _>(
                $filter.not_listed.map(|list| list.0.to_vec()),
            )
    }};
}
pub(super) use ask;

/// All elements, no elements, no flags, and the bounds of the wave.
pub(super) fn numbers(of: &AudienceFilter) -> Vec<i64> {
    let bound = |which: fn(Wave) -> u16| of.wave.map_or(0, |wave| i64::from(which(wave)));
    vec![
        of.all_elements.bits(),
        of.no_elements.bits(),
        of.no_flags.bits().into(),
        bound(Wave::from),
        bound(Wave::to),
    ]
}

/// The states of notices of an earlier campaign.
pub(super) fn states(of: &AudienceFilter) -> Vec<&'static str> {
    let earlier = of.earlier.as_ref();
    earlier
        .map(|(_, states)| states.clone())
        .unwrap_or_default()
}

/// The codes of the jurisdictions.
pub(super) fn places(of: &AudienceFilter) -> Vec<&str> {
    of.jurisdictions.iter().map(|one| one.as_str()).collect()
}

/// The tags of the locales.
pub(super) fn locales(of: &AudienceFilter) -> Vec<&str> {
    of.locales.iter().map(|one| one.as_str()).collect()
}

/// The bare ids of campaigns.
pub(super) fn ids(all: &[CampaignId]) -> Vec<Uuid> {
    all.iter().map(|id| id.uuid()).collect()
}
