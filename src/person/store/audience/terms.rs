//! The sentence about an audience, and the people behind each of its numbers.

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

/// The tables of a statement that reads all people. A campaign that keeps nobody out is not joined.
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

/// Whom the sentence begins with.
fn is_counted(filter: &AudienceFilter) -> &'static str {
    match filter.who.counts() {
        (true, true) => "true",
        (true, false) => "p.standing <> 'retracted'",
        (false, _) => "p.standing = 'retracted'",
    }
}

#[derive(QueryableByName)]
struct PartSql {
    #[diesel(sql_type = Integer)]
    term: i32,
    #[diesel(sql_type = Text)]
    jurisdiction: String,
    #[diesel(embed)]
    class: ClassSql,
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
    let (term, from, counted) = (
        term(filter, &launched),
        tables(filter, &launched),
        is_counted(filter),
    );
    let gets = AudienceTerm::GetsIt as i32;
    // Of those who are left out only the term matters, so that few groups are made.
    let sql = format!(
        "select term, case when term = {gets} then jurisdiction else '' end as jurisdiction,
            case when term = {gets} then locale else '' end as locale,
            case when term = {gets} then exposed else 0 end as exposed,
            case when term = {gets} then named else 0 end as named, count(*) as people
        from (select {term} as term, p.jurisdiction, p.locale, {THEIRS} as exposed, p.named
            from {from} where p.incident_id = $1 and {counted}) audience
        group by 1, 2, 3, 4, 5 order by 3, 4, 5, 2"
    );
    let parts: Vec<PartSql> = ask!(sql, incident, filter, launched).load(conn).await?;
    let mut terms = AudienceTerms::default();
    for part in parts {
        let term = named(incident, part.term)?;
        *terms.people.entry(term).or_default() += part.class.people;
        if term == AudienceTerm::GetsIt {
            let place = terms.jurisdictions.entry(part.jurisdiction).or_default();
            *place += part.class.people;
            add(&mut terms, incident, part.class)?;
        }
    }
    Ok(terms)
}

fn named(incident: IncidentId, number: i32) -> Result<AudienceTerm> {
    let term = usize::try_from(number)
        .ok()
        .and_then(|n| AudienceTerm::ALL.get(n));
    let broken = || Error::inconsistent("audience of incident", incident);
    term.copied().ok_or_else(broken)
}

/// Adds people to the class of the same text; its parts by jurisdiction come one after the other.
fn add(terms: &mut AudienceTerms, incident: IncidentId, class: ClassSql) -> Result<()> {
    let class = read_class(incident, class)?;
    match terms.classes.last_mut() {
        Some(last)
            if (&last.locale, last.exposed, last.named)
                == (&class.locale, class.exposed, class.named) =>
        {
            last.people += class.people;
        }
        _ => terms.classes.push(class),
    }
    Ok(())
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
