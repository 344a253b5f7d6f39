//! Every page of a list costs the same: what Postgres reads for each, by its own counters.

use std::collections::BTreeSet;

use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::db::Conn;
use candor::id::{CampaignId, PersonId, StaffId};
use candor::notice::{Notice, NoticeStatus, store};
use candor::scope::{Place, ScopeMode};
use candor::staff::replay::store as answers;
use candor::{incident, scope, ticket};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::is_full;
use crate::house::House;
use crate::people::{Scene, list};
use crate::tickets::{ANN, Helpline};

/// What the statements of a transaction have read so far: rows of tables with entries of indexes, and pages of both.
#[derive(Debug, Clone, Copy, PartialEq, QueryableByName)]
struct ReadSoFar {
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    pages: i64,
}

async fn read_so_far(conn: &mut Conn) -> ReadSoFar {
    let of = "select coalesce(sum(pg_stat_get_xact_tuples_fetched(c.oid)
                + pg_stat_get_xact_tuples_returned(c.oid)), 0)::bigint as rows,
            coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0)::bigint as pages
        from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'i')";
    diesel::sql_query(of).get_result(conn).await.unwrap()
}

/// Runs the body, which is given a connection, and returns what it read.
macro_rules! reading {
    ($app:expr, |$conn:ident| $body:expr) => {{
        let mut tx = $app.db.begin().await.unwrap();
        let before = read_so_far(&mut tx).await;
        let $conn = &mut tx;
        let result = $body;
        let after = read_so_far(&mut tx).await;
        let read = ReadSoFar {
            rows: after.rows - before.rows,
            pages: after.pages - before.pages,
        };
        tx.roll_back().await;
        (result, read)
    }};
}

/// Further pages that a statement reads of the catalogue and of small tables.
const BESIDES: i64 = 12;

/// Whether a page costs at most twice what the first cost.
#[track_caller]
fn is_like_the_first(first: ReadSoFar, page: ReadSoFar, what: &str) {
    assert!(
        page.rows <= 2 * first.rows + 2 * batch() && page.pages <= 2 * first.pages + BESIDES,
        "{what}: {page:?}, the first {first:?}"
    );
}

const ON_A_PAGE: i64 = 100;
/// Notices in one batch: the default of `sending.batch` at full size, otherwise few, so that there are many batches. A
/// page begins and ends in the middle of a batch, which is read whole.
fn batch() -> i64 {
    if is_full() { 500 } else { 25 }
}

/// Fills a campaign with `n` notices as they are while it is sent. In each bucket a batch is done, cancelled, deferred
/// or not yet tried, by its position; one notice of 25 is withheld.
async fn fill(house: &House, campaign: CampaignId, incident: uuid::Uuid, n: i64) {
    let campaign = campaign.uuid();
    let of_batch = batch();
    let sql = format!(
        "create function at(n bigint, version text) returns uuid language sql immutable as
            $$ select ('00000000-0000-' || version || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
        delete from batch where campaign_id = '{campaign}';
        delete from campaign_freeze where campaign_id = '{campaign}';
        delete from campaign_count where campaign_id = '{campaign}';
        delete from notice;
        create temporary table made as
        select g & 63 as bucket, g >> 6 as k, (g >> 6) / {of_batch} as batch_no, g, (g >> 6) % 25 = 7 as is_withheld,
            case when w.part < 0.5 then (array['sent','sent','sent','sent','sent','sent','sent','bounced','expired','uncertain'])[1 + h.h % 10]
                when w.part < 0.7 then (array['sent','sent','sent','sent','sent','sent','sent','deferred','deferred','deferred'])[1 + h.h % 10]
                when w.part < 0.85 then 'queued' else 'cancelled' end as status
        from generate_series(0, {n} - 1) g
        cross join lateral (select ((g >> 6) / {of_batch})::float / greatest(({n} >> 6) / {of_batch}, 1) as part) w
        cross join lateral (select abs(hashint8(g)) as h) h;
        insert into notice (bucket, id, campaign_id, incident_id, person_id, batch_no, status, withheld, named,
            code_key, attempts, due_at, created_at, settled_at)
        select bucket, at(g, '7000'), '{campaign}', '{incident}', at(g, '7001'), batch_no,
            case when is_withheld then 'withheld' else status end::notice_status,
            case when is_withheld then 'legal_hold' end::withheld_reason, 1, g, 1,
            case when status = 'deferred' and not is_withheld then now() end, now(), null
        from made order by bucket, k;
        insert into batch (campaign_id, bucket, batch_no, size, first_id, last_id, status, due_at, fence, ends)
        select '{campaign}', bucket, batch_no, count(*), at(min(g), '7000'), at(max(g), '7000'),
            (case when bool_or(status = 'queued') then 'ready' when bool_or(status = 'deferred') then 'waiting'
                else 'done' end)::batch_status, now(), case when bool_or(status = 'queued') then 0 else 1 end,
            case when bool_or(status in ('queued', 'deferred')) then 0 else 64 end
            | bit_or(case status when 'deferred' then 1 when 'bounced' then 2 when 'expired' then 4
                when 'uncertain' then 8 when 'sent' then 16 when 'cancelled' then 32 else 0 end)
        from made group by bucket, batch_no order by bucket, batch_no;
        insert into campaign_count (campaign_id, status, n)
        select campaign_id, status, count(*) from notice group by 1, 2;"
    );
    house.sql(&sql).await;
    house.sql("vacuum analyze notice").await;
    house.sql("vacuum analyze batch").await;
}

async fn page(
    house: &House,
    of: CampaignId,
    status: Option<NoticeStatus>,
    after: Option<PersonId>,
) -> (Vec<Notice>, ReadSoFar) {
    let (found, read) = reading!(house.app, |conn| store::list(
        conn, of, status, after, ON_A_PAGE
    )
    .await);
    (found.unwrap(), read)
}

#[tokio::test(flavor = "multi_thread")]
async fn any_page_of_notices_costs_at_most_twice_the_first_in_every_state() {
    let n = if is_full() { 2_000_000 } else { 100_000 };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let (kind, resend) = (CampaignKind::Initial, UncertainPolicy::Resend);
    let campaign = scene.draft(&house, kind, resend).await;
    fill(&house, campaign, scene.incident.uuid(), n).await;
    let mut all = 0;
    let states = NoticeStatus::ALL.iter().copied().map(Some);
    for status in std::iter::once(None).chain(states) {
        let what = status.map_or("all".to_owned(), |status| status.to_string());
        let (found, first) = page(&house, campaign, status, None).await;
        let (mut last, mut count, mut worst) = (None, found.len(), first);
        assert!(found.len() < 100 || first.rows > 0, "nothing is measured");
        let mut after = found.last().map(|notice| notice.person);
        while let Some(person) = after {
            let (found, read) = page(&house, campaign, status, Some(person)).await;
            for notice in &found {
                assert!(status.is_none_or(|status| notice.status == status));
                let place = (notice.person.bucket(), notice.person);
                assert!(last < Some(place), "in order, each once");
                last = Some(place);
            }
            count += found.len();
            is_like_the_first(first, read, &format!("{what}, after {person}"));
            worst.rows = worst.rows.max(read.rows);
            worst.pages = worst.pages.max(read.pages);
            after = found.last().map(|notice| notice.person);
        }
        println!("{what}: {count} notices; the first page {first:?}, at most {worst:?}");
        let counted = match status {
            None => n,
            Some(_) => {
                let of = format!("select count(*) from notice where status = '{what}'");
                house.number(&of).await
            }
        };
        assert_eq!(i64::try_from(count).unwrap(), counted, "{what}");
        all += count;
    }
    assert_eq!(
        i64::try_from(all).unwrap(),
        2 * n,
        "every state was asked for"
    );
}

/// Earlier programs kept no bit of what was sent or cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn notices_sent_or_cancelled_by_an_earlier_program_are_found() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let (kind, resend) = (CampaignKind::Initial, UncertainPolicy::Resend);
    let campaign = scene.draft(&house, kind, resend).await;
    fill(&house, campaign, scene.incident.uuid(), 20_000).await;
    house.sql("update batch set ends = ends & 15").await;
    for status in [NoticeStatus::Sent, NoticeStatus::Cancelled] {
        let mut conn = house.app.db.get().await.unwrap();
        let found = store::list(&mut conn, campaign, Some(status), None, 30_000).await;
        let of = format!("select count(*) from notice where status = '{status}'");
        let counted = house.number(&of).await;
        assert!(counted > 0);
        assert_eq!(i64::try_from(found.unwrap().len()).unwrap(), counted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_page_of_tickets_costs_what_the_first_costs_whatever_the_order() {
    let line = Helpline::with("[helpline]\nopen_tickets = 1000\nmessages_a_day = 1000").await;
    let people = line.people(120, &ANN).await;
    for person in people {
        // The clock stands still: all are opened, and wait, since the same moment, with the same urgency.
        line.asks(person, "What was stolen of mine?").await;
    }
    for is_queue in [true, false] {
        let filter = ticket::store::Filter::default();
        let mut after = None;
        let (mut first, mut ids) = (None, BTreeSet::new());
        loop {
            let (page, read) = reading!(line.app, |conn| match is_queue {
                true => ticket::store::queue(conn, &line.app.keys, after, 4).await,
                false => ticket::store::list(conn, &line.app.keys, &filter, after, 4).await,
            });
            let page = page.unwrap();
            ids.extend(page.items.iter().map(|ticket| ticket.id));
            let first = *first.get_or_insert(read);
            is_like_the_first(first, read, if is_queue { "queue" } else { "list" });
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(ids.len(), 120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_page_of_refused_rows_costs_what_the_first_costs() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let bad = (0..2_000).map(|n| format!("B-{n},not an address,Person,en,US-WA,name\n"));
    let csv = list(1, "name") + &bad.collect::<String>();
    let version = scene.read(&house, ScopeMode::Full, &csv).await;
    house.sql("analyze scope_reject").await;
    let mut conn = house.app.db.get().await.unwrap();
    let found = incident::store::find(&mut conn, scene.incident).await;
    let key = found.unwrap().key(&house.app.keys).unwrap().unwrap();
    drop(conn);
    let mut after = Place { file: 0, line: 0 };
    let (mut first, mut count) = (None, 0);
    loop {
        let of = (scene.incident, version);
        let (page, read) = reading!(house.app, |conn| scope::store::list_rejects(
            conn, &key, of.0, of.1, after, 50
        )
        .await);
        let page = page.unwrap();
        let Some(last) = page.last() else { break };
        count += page.len();
        is_like_the_first(*first.get_or_insert(read), read, "rejects");
        after = last.place();
    }
    assert_eq!(count, 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_page_of_kept_answers_costs_what_the_first_costs() {
    let house = House::new().await;
    let by: StaffId = house.staff(&["comms"]).await;
    let rows = format!(
        "insert into idempotency (staff_id, key, request_hash, status, answer, created_at)
            select '{}', 'key-' || g, '', 200, '', now() from generate_series(1, 2000) g; analyze idempotency",
        by.uuid()
    );
    house.sql(&rows).await;
    let (mut after, mut first, mut count) = (None, None, 0);
    loop {
        let (page, read) = reading!(house.app, |conn| answers::list_answers(
            conn,
            after.as_ref(),
            50
        )
        .await);
        let page = page.unwrap();
        let Some((staff, key, _)) = page.last() else {
            break;
        };
        count += page.len();
        is_like_the_first(*first.get_or_insert(read), read, "answers");
        after = Some((*staff, key.clone()));
    }
    assert_eq!(count, 2_000);
}
