//! The people of lists that wait who must not be told by them any more, and former persons on them.

use std::collections::HashMap;
use std::sync::LazyLock;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use super::super::consent::{Barred, BarredPerson, Reason};
use super::super::{PostalKind, PostalStatus};
use super::opened;
use crate::db::{Conn, Error, Result, statement};
use crate::id::{BUCKETS, IncidentId, PersonId, PostalId};
use crate::person::PersonStanding;
use crate::person::flags::Flags;
use crate::seal::IncidentKey;

/// The word of rows that count former persons.
const FORMER: &str = "former";

// Retracted people belong on a list of corrections: their letter names nothing. If no list came in force since one of these
// was taken, none of its people is read.
static BARRED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "with barred as (
            select one.batch, one.why, count(*) as people, (array_agg(one.id order by one.id))[1:$4] as ids,
                (array_agg(one.bucket order by one.id))[1:$4] as buckets
            from (
                select b.id as batch, p.id, p.bucket, case
                    when p.standing = '{out}' and not (i.replaces and i.named = 0) then '{retracted}'
                    when p.flags & {hold} <> 0 then '{legal_hold}'
                    when p.flags & {protected} <> 0 and b.kind <> '{safe}' then '{protected_address}'
                    when p.flags & {dead} <> 0 and b.kind not in ('{kin}', '{safe}') then '{deceased}'
                    when b.kind = '{kin}' and p.flags & {dead} = 0 or b.kind = '{safe}' and p.flags & {protected} = 0
                        or (b.kind = '{guardian}' or b.kind in ('{letter}', '{correction}') and i.to_guardian)
                            and p.flags & {young} = 0
                        then '{flag_lifted}'
                    when b.kind in ('{letter}', '{correction}') and p.flags & {young} <> 0 and not i.to_guardian
                        then '{minor}'
                    when i.replaces and i.named = 0 and p.standing <> '{out}' and p.exposed <> 0
                        then '{affected_again}'
                    end as why
                from postal_batch b
                join postal_item i on i.bucket = any($1) and i.batch_id = b.id and i.status = '{listed}'
                join person_now p on p.bucket = i.bucket and p.id = i.person_id and p.incident_id = $3
                where b.id = any($2) and exists (select from scope_version v where v.incident_id = $3
                    and (v.status = 'activating' or v.activated_at >= b.taken_at))
            ) one
            where one.why is not null
            group by one.batch, one.why
            union all
            select i.batch_id, '{FORMER}', count(*), null, null
            from person_former f join postal_item i on i.bucket = f.bucket and i.person_id = f.person_id
            where f.bucket = any($1) and f.incident_id = $3 and i.batch_id = any($2)
            group by i.batch_id
        )
        select b.batch, b.why, b.people, s.id, p.reference_key, p.sealed, f.person_id is not null as is_former
        from barred b
        left join lateral unnest(b.ids, b.buckets) as s (id, bucket) on true
        left join person p on p.bucket = s.bucket and p.id = s.id and p.incident_id = $3
        left join person_former f on f.bucket = s.bucket and f.person_id = s.id
        order by b.batch, b.why, s.id",
        out = PersonStanding::Retracted,
        hold = Flags::HOLD.bits(),
        protected = Flags::PROTECTED.bits(),
        dead = Flags::DECEASED.bits(),
        young = Flags::MINOR.bits(),
        letter = PostalKind::Letter,
        guardian = PostalKind::Guardian,
        correction = PostalKind::Correction,
        kin = PostalKind::Kin,
        safe = PostalKind::Safe,
        listed = PostalStatus::Listed,
        retracted = Reason::Retracted.as_str(),
        legal_hold = Reason::LegalHold.as_str(),
        protected_address = Reason::ProtectedAddress.as_str(),
        deceased = Reason::Deceased.as_str(),
        flag_lifted = Reason::FlagLifted.as_str(),
        minor = Reason::Minor.as_str(),
        affected_again = Reason::AffectedAgain.as_str(),
    )
});

#[derive(QueryableByName)]
struct BarredRow {
    #[diesel(sql_type = Uuid)]
    batch: PostalId,
    #[diesel(sql_type = Text)]
    why: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Nullable<Uuid>)]
    id: Option<PersonId>,
    #[diesel(sql_type = Nullable<Bytea>)]
    reference_key: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Bytea>)]
    sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Bool)]
    is_former: bool,
}

impl BarredRow {
    /// The named person, if the row has one.
    fn person(&self, incident: IncidentId, key: &IncidentKey) -> Result<Option<BarredPerson>> {
        let sealed = self.reference_key.as_ref().zip(self.sealed.as_ref());
        let Some((id, (reference_key, sealed))) = self.id.zip(sealed) else {
            return Ok(None);
        };
        let contact = opened((incident, key), id, (reference_key, sealed))?;
        Ok(Some(BarredPerson {
            id,
            reference: contact.reference,
            is_former: self.is_former,
        }))
    }
}

/// What is to be said of lists that wait.
#[derive(Debug, Default)]
pub struct OfLists {
    /// The people of each who must not be told by it any more.
    pub barred: HashMap<PostalId, Vec<Barred>>,
    /// How many former persons are on each.
    pub former: HashMap<PostalId, i64>,
}

/// The people of these lists of an incident that wait who must not be told by them any more, since a later list of
/// affected people changed their flags, retracted them or brought them back: how many for each reason, and at most
/// `named` of them.
///
/// # Errors
/// `Inconsistent` for contact data that do not open.
pub async fn barred(
    conn: &mut Conn,
    (incident, key): (IncidentId, &IncidentKey),
    lists: &[PostalId],
    named: i32,
) -> Result<OfLists> {
    let rows: Vec<BarredRow> = statement(&BARRED)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(lists)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(named)
        .load(conn)
        .await?;
    let mut found = OfLists::default();
    for row in rows {
        if row.why == FORMER {
            found.former.insert(row.batch, row.people);
            continue;
        }
        let reason = row.why.parse::<Reason>();
        let reason = reason.map_err(|_| Error::inconsistent("postal_item", row.batch))?;
        let person = row.person(incident, key)?;
        let all = found.barred.entry(row.batch).or_default();
        match all.last_mut().filter(|last| last.reason == reason) {
            Some(last) => last.some.extend(person),
            None => all.push(Barred {
                reason,
                people: row.people,
                some: person.into_iter().collect(),
            }),
        }
    }
    Ok(found)
}

const CHANGED: &str = "
    select b.id as batch, i.address_key, p.id, p.reference_key, p.sealed, exists (select from person_former f
        where f.bucket = p.bucket and f.person_id = p.id) as is_former
    from postal_batch b
    join postal_item i on i.bucket = any($1) and i.batch_id = b.id and i.status = 'listed' and i.address_key is not null
    join person p on p.bucket = i.bucket and p.id = i.person_id and p.incident_id = $3
    where b.id = any($2) and exists (select from scope_version v where v.incident_id = $3
            and (v.status = 'activating' or v.activated_at >= b.taken_at))
        and exists (select from person_past q join scope_version v on v.version = q.until_scope
            where q.bucket = i.bucket and q.person_id = i.person_id and q.contact_changed and v.incident_id = $3
                and (v.status = 'activating' or v.activated_at >= b.taken_at))";

/// A person who waits on a list and got other contact data by a later list.
#[derive(QueryableByName)]
struct ChangedRow {
    #[diesel(sql_type = Uuid)]
    batch: PostalId,
    #[diesel(sql_type = Bytea)]
    address_key: Vec<u8>,
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = Bytea)]
    reference_key: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    sealed: Vec<u8>,
    #[diesel(sql_type = Bool)]
    is_former: bool,
}

/// Passes on each person who waits on one of these lists of an incident with another postal address now than the one on
/// their letter, in no order. The contact data of all people who got other ones by a later list are opened for that,
/// as they come: never all of them are in memory. Before each, `go_on` is asked.
///
/// # Errors
/// `Inconsistent` for contact data that do not open; what `go_on` returns.
pub async fn each_moved(
    conn: &mut Conn,
    (incident, key): (IncidentId, &IncidentKey),
    lists: &[PostalId],
    go_on: impl Fn() -> Result<()>,
    mut take: impl FnMut(PostalId, BarredPerson),
) -> Result<()> {
    let mut rows = statement(CHANGED)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(lists)
        .bind::<Uuid, _>(incident)
        .load_stream::<ChangedRow>(conn)
        .await?;
    while let Some(row) = rows.try_next().await? {
        go_on()?;
        let contact = opened((incident, key), row.id, (&row.reference_key, &row.sealed))?;
        let is = contact.address_key(key);
        if is.as_ref().map(<[u8; 16]>::as_slice) != Some(row.address_key.as_slice()) {
            let person = BarredPerson {
                id: row.id,
                reference: contact.reference,
                is_former: row.is_former,
            };
            take(row.batch, person);
        }
    }
    Ok(())
}
