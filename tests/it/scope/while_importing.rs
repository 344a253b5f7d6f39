//! What others can do while a list is read or added, and what a page of a draft reads.

use candor::incident::store::hold;
use candor::scope::consent::{Confirmed, Question};

use super::*;
use crate::sessions::waiting_for;

#[tokio::test(flavor = "multi_thread")]
async fn customers_can_ask_while_rows_are_added_to_a_draft() {
    let desk = Desk::new().await;
    let list = "reference,email,elements\nr1,a@example.org,name\nr2,nowhere,name\n";
    desk.import(ScopeMode::Full, list).await.unwrap();
    // The transaction that adds the rows ends with the draft's row, which is locked here.
    let mut other = desk.house.raw().await;
    let lock = other.transaction().await.unwrap();
    lock.batch_execute("select from scope_version where version = 1 for no key update")
        .await
        .unwrap();
    let backend = lock
        .query_one("select pg_backend_pid()", &[])
        .await
        .unwrap();
    let backend: i32 = backend.get(0);
    let adding = async {
        desk.add("reference,email,elements\nr2,b@example.org,name\n")
            .await
    };
    let asking = async {
        waiting_for(&desk.house, backend).await;
        let mut tx = desk.house.app.db.begin().await.unwrap();
        let held = hold(&mut tx, desk.incident).await.map(|found| found.id);
        tx.roll_back().await;
        lock.rollback().await.unwrap();
        held
    };
    let (added, held) = tokio::join!(adding, asking);
    assert_eq!(held.unwrap(), desk.incident);
    assert_eq!(added.unwrap().accepted, 2);
}

/// An upload that is partly read; it holds the scope of the incident.
async fn slow(
    desk: &Desk,
    versions: i64,
) -> (
    candor::scope::body::Feed,
    tokio::task::JoinHandle<Result<Imported, ImportError>>,
) {
    let (feed, body) = pieces();
    let start = format!("reference,elements\na,name\n{}", "\n".repeat(64 << 10));
    assert!(feed.send(start.into()).await);
    let (app, by, incident) = (desk.house.app.clone(), desk.by, desk.incident);
    let source = Source::Upload(body);
    let reading =
        tokio::spawn(
            async move { import(&app, by, incident, ScopeMode::Full, source, |_| {}).await },
        );
    while desk.rows("scope_version").await < versions {
        tokio::task::yield_now().await;
    }
    (feed, reading)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_lost_its_lock_leaves_the_next_one_alone() {
    let desk = Desk::new().await;
    let (first, dies) = slow(&desk, 1).await;
    // The connection that holds the lock breaks.
    let end = "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and granted
        and objsubid = 1 and pid <> pg_backend_pid()
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = ";
    let low = desk.incident.uuid().as_u64_pair().1.cast_signed();
    assert_eq!(desk.house.number(&format!("{end} {low}")).await, 1);
    while !is_free(&desk).await {
        tokio::task::yield_now().await;
    }
    let (second, reading) = slow(&desk, 2).await;
    // The import may have noticed the loss by itself, and read no more.
    first.send("b,name\n".into()).await;
    first.finish().await;
    assert!(dies.await.unwrap().is_err(), "its connection is gone");
    let mut conn = desk.conn().await;
    let still = store::find(&mut conn, desk.incident, 2).await.unwrap();
    assert_eq!(still.status, ScopeStatus::Importing);
    assert!(second.send("b,name\nc,name\n".into()).await);
    second.finish().await;
    let imported = reading.await.unwrap().unwrap();
    assert_eq!((imported.version, imported.accepted), (2, 3));
    let died = store::find(&mut conn, desk.incident, 1).await.unwrap();
    assert_eq!(died.status, ScopeStatus::Discarded);
}

async fn is_free(desk: &Desk) -> bool {
    let client = desk.house.raw().await;
    let taken = store::try_lock_session(&client, desk.incident)
        .await
        .unwrap();
    if taken {
        store::unlock_session(&client, desk.incident).await.unwrap();
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_long_draft_reads_no_staged_row() {
    let desk = Desk::new().await;
    let first =
        "reference,email,name,elements\nr1,ann@example.org,Ann,name\nr2,bo@example.org,Bo,name\n";
    desk.take(ScopeMode::Full, first).await;
    desk.notify("r1", "name").await;
    let mut second =
        "reference,email,name,elements\nr1,x@example.org,Xia,name\nr2,y@example.org,Yan,name\n"
            .to_owned();
    for n in 3..=10_002 {
        second += &format!("r{n},,P{n},name\n");
    }
    desk.import(ScopeMode::Full, second).await.unwrap();
    let asked = {
        let mut other = desk.house.raw().await;
        let lock = other.transaction().await.unwrap();
        lock.batch_execute("lock table scope_row in access exclusive mode")
            .await
            .unwrap();
        desk.asked(2).await
    };
    assert_eq!(asked, [Question::IdentityChanges { number: 2, told: 1 }]);
    // A refused activation counts again, and the page shows the new number.
    desk.notify("r2", "name").await;
    let now = [Question::IdentityChanges { number: 2, told: 2 }];
    assert_eq!(desk.open(2, Confirmed::default()).await, now);
    assert_eq!(desk.asked(2).await, now);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_rows_were_refused_is_counted_when_they_are_read() {
    let desk = Desk::new().await;
    let list = "reference,email,elements\nr1,nowhere,name\nr2,nowhere,shoe\nr3,,shoe\nr4,,name\n";
    let first = desk.import(ScopeMode::Full, list).await.unwrap();
    let count = async || {
        let mut other = desk.house.raw().await;
        let lock = other.transaction().await.unwrap();
        lock.batch_execute("lock table scope_reject in access exclusive mode")
            .await
            .unwrap();
        let mut conn = desk.conn().await;
        let counted = store::count_rejects(&mut conn, desk.incident, first.version).await;
        counted.unwrap()
    };
    let of = |column: &str, code: &str, n| (column.to_owned(), code.to_owned(), n);
    let unknown = |n| of("elements", "unknown_element", n);
    let email = |n| of("email", "not_an_address", n);
    assert_eq!(count().await, [unknown(2), email(2)]);
    desk.add("reference,email,elements\nr2,b@example.org,hat\nr3,,name\n")
        .await
        .unwrap();
    assert_eq!(count().await, [unknown(1), email(1)]);
    let key = desk.key().await;
    let mut conn = desk.conn().await;
    let groups = store::group_rejects(&mut conn, &key, desk.incident, 1, 10).await;
    let groups = groups.unwrap();
    let seen: Vec<_> = groups
        .iter()
        .map(|g| (g.rows, g.file, g.line, g.why.as_str()))
        .collect();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].0, seen[0].1, seen[0].2), (1, 1, 2));
    assert_eq!(seen[1], (1, 2, 2, "There is no element “hat”."));
    discard(&desk.house.app, desk.by, desk.incident, 1)
        .await
        .unwrap();
    let none = store::count_rejects(&mut conn, desk.incident, 1).await;
    assert_eq!(none.unwrap(), []);
}

/// More rejects than are read at once, and every third is corrected.
#[tokio::test(flavor = "multi_thread")]
async fn corrected_rows_settle_rejects_beyond_the_first_thousand() {
    for is_first in [true, false] {
        let desk = Desk::new().await;
        if !is_first {
            desk.take(ScopeMode::Full, "reference,elements\nr1,name\n")
                .await;
        }
        let head = "reference,email,elements\n";
        let mut list = format!("{head}r0,,name\n");
        let mut right = head.to_owned();
        for n in 1..=2_400 {
            list += &format!("r{n},nowhere,name\n");
            if n % 3 == 0 {
                right += &format!("r{n},p{n}@example.org,name\n");
            }
        }
        let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
        assert_eq!((drafted.accepted, drafted.rejected), (1, 2_400));
        let added = desk.add(&right).await.unwrap();
        assert_eq!((added.accepted, added.rejected), (801, 1_600));
        assert_eq!(added.delta.replaced, 800);
        let left = desk.rejects(drafted.version).await;
        assert!(left.iter().all(|reject| (reject.line - 2) % 3 != 0));
    }
}
