//! Checks the counters: counts all people again, bucket by bucket, in one snapshot, and names every counter that
//! differs.

use std::fmt;

use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::app::App;
use crate::db::{Conn, Result};
use crate::id::{BUCKETS, IncidentId};

/// A counter that does not say what there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Differs {
    /// `people`, `total`, `jurisdiction`, `locale`, `element`, `reason`, `campaign` or `attempts`.
    #[diesel(sql_type = Text)]
    pub of: String,
    /// Which one: a value of that kind, or the campaign's id. Of totals: how they are to be corrected, and `minor`.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// Where the people stand, the state of the notices, or what the attempts came to.
    #[diesel(sql_type = Nullable<Text>)]
    pub standing: Option<String>,
    /// Whether it counts people who were not told everything yet.
    #[diesel(sql_type = Nullable<Bool>)]
    pub incomplete: Option<bool>,
    /// The bucket, for a counter of one.
    #[diesel(sql_type = Nullable<Integer>)]
    pub bucket: Option<i32>,
    /// What the counter says.
    #[diesel(sql_type = BigInt)]
    pub booked: i64,
    /// What there is.
    #[diesel(sql_type = BigInt)]
    pub counted: i64,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.of, self.value)?;
        if let Some(standing) = &self.standing {
            write!(f, " {standing}")?;
        }
        if self.incomplete == Some(true) {
            f.write_str(" incomplete")?;
        }
        if let Some(bucket) = self.bucket {
            write!(f, " bucket {bucket}")?;
        }
        write!(f, ": booked {}, counted {}", self.booked, self.counted)
    }
}

const BUCKET: &str = "
    with classes as (
        select standing, withheld, jurisdiction, locale, exposed, named,
            correction_due_of(standing = 'retracted', exposed, named, flags, reachable) as correction,
            flags & 1 <> 0 as minor, count(*) as n
        from person_now where incident_id = $1 and bucket = $2
        group by standing, withheld, jurisdiction, locale, exposed, named, 7, 8
    ), counted as (
        select of, value, standing, incomplete, sum(n)::bigint as n from (
            select 'total' as of, concat_ws(' ', nullif(correction, 'none')::text, case when minor then 'minor' end)
                as value, standing, exposed & ~named <> 0 as incomplete, n from classes
            union all
            select 'jurisdiction', jurisdiction, standing, exposed & ~named <> 0, n from classes
            union all
            select 'locale', locale, standing, exposed & ~named <> 0, n from classes
            union all
            select 'reason', withheld::text, standing, exposed & ~named <> 0, n from classes
            where withheld is not null
            union all
            select 'element', bit::text, standing, (exposed & ~named) >> bit & 1 = 1, n
            from classes cross join generate_series(0, 62) as bit where exposed >> bit & 1 = 1
        ) each group by of, value, standing, incomplete
    ), booked as (
        select 'total' as of, concat_ws(' ', nullif(correction, 'none')::text, case when minor then 'minor' end)
            as value, standing, incomplete, n
        from account_count where incident_id = $1 and bucket = $2 and n <> 0
        union all
        select kind::text, value, standing, incomplete, n
        from account_part where incident_id = $1 and bucket = $2 and n <> 0
    )
    select of, value, standing::text as standing, incomplete, $2 as bucket,
        coalesce(b.n, 0) as booked, coalesce(c.n, 0) as counted
    from counted c full join booked b using (of, value, standing, incomplete)
    where b.n is distinct from c.n
    order by 1, 2, 3, 4";

const PEOPLE: &str = "
    select 'people' as of, '' as value, null as standing, null as incomplete, null as bucket,
        booked, counted
    from (select coalesce(sum(added - retracted), 0)::bigint as booked
            from scope_applied where incident_id = $1) b
        cross join (select count(*) as counted
            from person_now where incident_id = $1 and standing <> 'retracted') c
    where booked <> counted";

// `standing_of` is the rule that every writer of standings follows.
const STANDINGS: &str = "
    select 'standing' as of, standing::text as value, null as standing, null as incomplete, null as bucket,
        count(*) as booked, 0::bigint as counted
    from person_now p
    where p.incident_id = $1 and p.standing <> standing_of(p.standing <> 'retracted', p.told,
        p.exposed & ~p.named <> 0, p.flags, p.reachable)
    group by p.standing order by 2";

const CAMPAIGNS: &str = "
    select 'campaign' as of, campaign_id::text as value, status::text as standing, null as incomplete,
        null as bucket, coalesce(b.n, 0) as booked, coalesce(c.n, 0) as counted
    from (select n.campaign_id, n.status, count(*) as n
            from notice n join campaign g on g.id = n.campaign_id
            where g.incident_id = $1 group by n.campaign_id, n.status) c
        full join (select k.campaign_id, k.status, k.n
            from campaign_count k join campaign g on g.id = k.campaign_id
            where g.incident_id = $1 and k.n <> 0) b using (campaign_id, status)
    where b.n is distinct from c.n
    order by 2, 3";

// An attempt is in the tally once its notice has it on record.
const ATTEMPTS: &str = "
    select 'attempts' as of, campaign_id::text as value, result::text as standing, null as incomplete,
        null as bucket, coalesce(b.n, 0)::bigint as booked, coalesce(c.n, 0) as counted
    from (select o.campaign_id, o.relay, o.result, coalesce(o.code, 0) as code,
                coalesce(o.enhanced, '') as enhanced, coalesce(o.reason, '') as reason, count(*) as n
            from campaign g join notice n on n.campaign_id = g.id
            join outcome o on o.bucket = n.bucket and o.notice_id = n.id
            where g.incident_id = $1 and o.settled and o.attempt <= n.attempts
            group by 1, 2, 3, 4, 5, 6) c
        full join (select t.campaign_id, t.relay, t.result, t.code, t.enhanced, t.reason, sum(t.n) as n
            from campaign_tally t join campaign g on g.id = t.campaign_id
            where g.incident_id = $1 group by 1, 2, 3, 4, 5, 6) b
            using (campaign_id, relay, result, code, enhanced, reason)
    where b.n is distinct from c.n
    order by 2, 3";

/// Counts all people of an incident again, and returns the counters that differ. It takes no locks: writers do not wait
/// for it, and it does not wait for them.
///
/// # Errors
/// The database's.
pub async fn books(app: &App, incident: IncidentId) -> Result<Vec<Differs>> {
    // It may take long.
    let app = &app.patient();
    let mut tx = app.db.snapshot().await?;
    let mut differ = ask(&mut tx, PEOPLE, incident, None).await?;
    for bucket in 0..BUCKETS {
        differ.extend(ask(&mut tx, BUCKET, incident, Some(bucket)).await?);
    }
    differ.extend(ask(&mut tx, STANDINGS, incident, None).await?);
    differ.extend(ask(&mut tx, CAMPAIGNS, incident, None).await?);
    differ.extend(ask(&mut tx, ATTEMPTS, incident, None).await?);
    tx.commit().await?;
    Ok(differ)
}

async fn ask(
    conn: &mut Conn,
    question: &str,
    incident: IncidentId,
    bucket: Option<i32>,
) -> Result<Vec<Differs>> {
    let question = diesel::sql_query(question).bind::<Uuid, _>(incident);
    Ok(match bucket {
        Some(bucket) => question.bind::<Integer, _>(bucket).load(conn).await?,
        None => question.load(conn).await?,
    })
}
