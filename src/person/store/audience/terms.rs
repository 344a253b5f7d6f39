//! The sentence about an audience, and the people behind each of its numbers.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::filter::{
    JOINS, MAILABLE, Reads, THEIRS, UNCERTAIN, UNSETTLED, ask, is_in_wave, is_inside, is_of, needs,
};
use super::launched::{Launched, launched};
use super::{ClassSql, read_class};
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, PersonId};
use crate::person::Person;
use crate::person::audience::AudienceFilter;
use crate::person::flags::Flags;
use crate::person::store::{Row, open};
use crate::person::terms::{AudienceTerm, AudienceTerms};
use crate::seal::IncidentKey;

/// The tables of a statement that reads all people. The statement joins only campaigns that keep people out.
fn tables(filter: &AudienceFilter, launched: &Launched) -> String {
    let mut from = "person_now p".to_owned();
    for ((join, _), needed) in JOINS.into_iter().zip(needs(filter)) {
        if needed {
            from = format!("{from} {join}");
        }
    }
    if !launched.unsettled.is_empty() {
        from = format!(
            "{from} left join (select distinct n.bucket, n.person_id from notice n where {UNSETTLED}) w
            on w.bucket = p.bucket and w.person_id = p.id"
        );
    }
    if !launched.uncertain.is_empty() {
        from = format!(
            "{from} left join (
                select n.bucket, n.person_id, bit_or(n.named) as named from notice n where {UNCERTAIN} group by 1, 2) u
            on u.bucket = p.bucket and u.person_id = p.id"
        );
    }
    from
}

/// The number of the term of `person p`: the first that applies.
fn term(filter: &AudienceFilter, launched: &Launched) -> String {
    let may = match launched.uncertain.is_empty() {
        true => "false",
        false => "coalesce(u.named & ~p.named <> 0, false)",
    };
    let waits = match launched.unsettled.is_empty() {
        true => "false",
        false => "w.person_id is not null",
    };
    let (not_uncertain, left_out) = match filter.may_have_been_told {
        true => (format!("not {may}"), "false"),
        false => ("false".to_owned(), may),
    };
    let (inside, wave) = (is_inside(filter, Reads::All), is_in_wave(filter));
    let (who, forbidding) = (is_of(filter.who), Flags::FORBIDDING.bits());
    let conditions = [
        (AudienceTerm::OutsideFilter, format!("not ({inside})")),
        (AudienceTerm::OtherWave, format!("not ({wave})")),
        (
            AudienceTerm::ToldNothing,
            format!("not ({who}) and p.told is null"),
        ),
        (AudienceTerm::NothingToTell, format!("not ({who})")),
        (AudienceTerm::NotUncertain, not_uncertain),
        (AudienceTerm::WaitingElsewhere, waits.to_owned()),
        (AudienceTerm::MayHaveBeenTold, left_out.to_owned()),
        (
            AudienceTerm::Withheld,
            format!("p.flags & {forbidding} <> 0"),
        ),
        (AudienceTerm::NeedsLetter, format!("not {MAILABLE}")),
    ];
    let when = |(term, condition): (AudienceTerm, String)| {
        format!("when {condition} then {} ", term as i32)
    };
    let cases: String = conditions.into_iter().map(when).collect();
    format!("case {cases} else {} end", AudienceTerm::GetsIt as i32)
}

/// The condition on the people that the sentence begins with.
fn is_counted(filter: &AudienceFilter) -> &'static str {
    match filter.who.counts() {
        (true, true) => "true",
        (true, false) => "p.standing <> 'retracted'",
        (false, _) => "p.standing = 'retracted'",
    }
}

#[derive(QueryableByName)]
struct PartSql {
    /// The number of a term; of those who get it also exposed and named elements, locale and jurisdiction.
    #[diesel(sql_type = Text)]
    part: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// The sentence about an audience, of one moment. Reads every person of the incident once.
///
/// # Errors
/// `Inconsistent` for a row with an element or a locale that the program does not know.
pub async fn audience_terms(
    conn: &mut Conn,
    incident: IncidentId,
    filter: &AudienceFilter,
) -> Result<AudienceTerms> {
    let launched = launched(conn, incident, filter).await?;
    let (term, from) = (term(filter, &launched), tables(filter, &launched));
    let (counted, gets) = (is_counted(filter), AudienceTerm::GetsIt as i32);
    // `offset 0`: the term is computed once for each person, and the groups, which the planner takes for few, are hashed.
    // Otherwise it computes the term for each column and sorts all people.
    let sql = format!(
        "select part, count(*) as people
        from (select case when term = {gets} then concat_ws(' ', term, exposed, named, locale, jurisdiction)
                else term::text end as part
            from (select {term} as term, p.jurisdiction, p.locale, {THEIRS} as exposed, p.named
                from {from} where p.incident_id = $1 and {counted} offset 0) person offset 0) audience
        group by part"
    );
    let parts: Vec<PartSql> = ask!(sql, incident, filter, launched).load(conn).await?;
    let (mut terms, mut classes) = (AudienceTerms::default(), BTreeMap::new());
    for part in &parts {
        let broken = || Error::inconsistent("audience of incident", incident);
        let (term, class) = read_part(&part.part).ok_or_else(broken)?;
        *terms.people.entry(term).or_default() += part.people;
        if let Some(class) = class {
            let place = terms.jurisdictions.entry(class.3.clone()).or_default();
            *place += part.people;
            *classes.entry(class).or_default() += part.people;
        }
    }
    let class = |((locale, exposed, named, jurisdiction), people)| {
        let class = ClassSql {
            locale,
            exposed,
            named,
            jurisdiction,
            people,
        };
        read_class(incident, class)
    };
    terms.classes = classes.into_iter().map(class).collect::<Result<_>>()?;
    Ok(terms)
}

/// Locale, exposed and named elements, jurisdiction.
type Class = (String, i64, i64, String);

/// The term of a part; of those who get it also their class.
fn read_part(part: &str) -> Option<(AudienceTerm, Option<Class>)> {
    let mut words = part.splitn(5, ' ');
    let number: usize = words.next()?.parse().ok()?;
    let term = *AudienceTerm::ALL.get(number)?;
    if term != AudienceTerm::GetsIt {
        return Some((term, None));
    }
    let (exposed, named) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (locale, jurisdiction) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some((term, Some((locale, exposed, named, jurisdiction))))
}

/// The next people of a term, in the order of bucket and id after `after`, opened. Of a rare term it may read every person
/// of the incident.
///
/// # Errors
/// `Inconsistent` if the contact data of one do not open.
pub async fn people_of_term(
    conn: &mut Conn,
    (incident, key): (IncidentId, &IncidentKey),
    (filter, of): (&AudienceFilter, AudienceTerm),
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Person>> {
    let launched = launched(conn, incident, filter).await?;
    let (term, from, counted) = (
        term(filter, &launched),
        tables(filter, &launched),
        is_counted(filter),
    );
    let sql = format!(
        "select p.* from {from}
        where p.incident_id = $1 and {counted} and (p.bucket, p.id) > ($13, $14) and {term} = $15
        order by p.bucket, p.id limit $16"
    );
    let begin = after.map_or((-1, uuid::Uuid::nil()), |id| (id.bucket(), id.uuid()));
    let rows: Vec<Row> = ask!(sql, incident, filter, launched)
        .bind::<Integer, _>(begin.0)
        .bind::<Uuid, _>(begin.1)
        .bind::<Integer, _>(of as i32)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_term_or_a_class_of_those_who_get_it() {
        let class = |place: &str| {
            let class = ("zh-Hant".to_owned(), 5, 1, place.to_owned());
            Some((AudienceTerm::GetsIt, Some(class)))
        };
        assert_eq!(read_part("9 5 1 zh-Hant US-CA"), class("US-CA"));
        assert_eq!(read_part("9 5 1 zh-Hant "), class(""));
        assert_eq!(read_part("0"), Some((AudienceTerm::OutsideFilter, None)));
        for wrong in ["", "9", "9 5 1 en", "10", "x"] {
            assert_eq!(read_part(wrong), None, "{wrong}");
        }
    }
}
