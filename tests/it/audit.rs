//! The audit log: entries are written without a lock, the hash chain, rows outside of the chain. Acts and stops go on
//! when the log is locked.

mod actions;
mod filters;
mod reads;
mod search;
mod stops;
mod waiting;

use std::time::{Duration, Instant};

use candor::actor::{Actor, System};
use candor::audit::store::{self, chain};
use candor::audit::verify::{Report, verify};
use candor::audit::{Action, Event, Flaw, Linked, link};
use candor::campaign::hold;
use candor::db;
use candor::staff::StaffRole::Auditor;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::people::Scene;
use crate::program::Program;

const SYSTEM: Actor = Actor::System(System::Cli);

/// An event with any text for its action, as a newer program writes it.
fn event_of(at: DateTime<Utc>, action: &str) -> Event {
    let event = Event::new(at, SYSTEM, Action::SendingStop, "everything", &json!({}));
    Event {
        action: action.to_owned(),
        ..event
    }
}

async fn act(house: &House, action: &str) {
    let mut tx = house.app.db.begin().await.unwrap();
    let at = house.app.now();
    store::write(&mut tx, &event_of(at, action)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn report(house: &House) -> Report {
    verify(&house.app).await.unwrap()
}

async fn refusal(house: &House, sql: &str) -> String {
    let error = house.raw().await.batch_execute(sql).await.unwrap_err();
    error.as_db_error().unwrap().message().to_owned()
}

/// An event with a correct hash, as an attacker who can read the chain could append it.
async fn forged(house: &House, seq: i64) -> String {
    let head = chain::head(&mut house.app.db.get().await.unwrap()).await;
    let event = Event::new(
        house.app.now(),
        SYSTEM,
        Action::CampaignApprove,
        "forged",
        &json!({}),
    );
    let linked = Linked::new(seq, event, head.unwrap().unwrap().hash);
    let hex = candor::seal::to_hex;
    format!(
        "insert into audit_event (id, seq, at, actor, action, subject, detail, prev_hash, hash) values \
         ('{}', {seq}, '{}', '{}', '{}', '{}', '{}', '\\x{}', '\\x{}')",
        linked.event.id.uuid(),
        linked.event.at.to_rfc3339(),
        linked.event.actor,
        linked.event.action,
        linked.event.subject,
        linked.event.detail,
        hex(&linked.prev_hash),
        hex(&linked.hash),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_what_the_two_functions_do_not_write() {
    let house = House::new().await;
    act(&house, "a.b").await;
    link::all(&house.app).await.unwrap();
    let entry = "insert into audit_event (id, at, actor, action, subject, detail) \
        values (gen_random_uuid(), now(), 'staff:x', 'campaign.approve', 'x', '{}')";
    let written = "select audit_write(gen_random_uuid(), now(), 'a', 'b', 'c', '{}')";
    let direct = "audit_event is written by audit_write() alone";
    let only = "audit_event is append-only";
    let head = "audit_head follows the chain alone";
    for (sql, why) in [
        (entry.to_owned(), direct),
        (format!("begin; {written}; {entry}"), direct),
        (
            "update audit_event set detail = '{\"x\":1}'".to_owned(),
            only,
        ),
        (
            format!("begin; {written}; update audit_event set seq = 7 where seq is null"),
            only,
        ),
        (
            format!("begin; {written}; delete from audit_event where seq is null"),
            only,
        ),
        ("truncate audit_event".to_owned(), only),
        ("update audit_head set seq = 0, hash = ''".to_owned(), head),
        ("delete from audit_head".to_owned(), head),
        (
            "truncate audit_head".to_owned(),
            "audit_head is append-only",
        ),
    ] {
        assert_eq!(refusal(&house, &sql).await, why, "{sql}");
    }
    assert!(report(&house).await.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_and_the_stop_go_on_past_stray_rows_and_a_lost_head_and_each_is_named() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    link::all(&house.app).await.unwrap();
    let events = report(&house).await.events;
    let junk = |seq: i64| {
        format!(
            "insert into audit_event (id, seq, at, actor, action, subject, detail, prev_hash, hash) values \
             (gen_random_uuid(), {seq}, now(), 'staff:x', 'campaign.approve', '{}', '{{}}', '\\x00', '\\x0{}')",
            scene.incident,
            seq.rem_euclid(10)
        )
    };
    let next = events + 1;
    // The next number, a number that continues the chain correctly, a huge number, a number before the first.
    let mut stray = vec![junk(next), junk(9_000_000_000_000), junk(-4)];
    stray.push(forged(&house, next + 1).await);
    house
        .sql(&format!(
            "alter table audit_event disable trigger all; {}; alter table audit_event enable trigger all",
            stray.join(";")
        ))
        .await;

    // The stop and one act still succeed.
    assert!(
        hold::stop_everything(&house.app, SYSTEM)
            .await
            .unwrap()
            .recorded
    );
    act(&house, "after.that").await;
    let turn = link::turn(&house.app).await.unwrap();
    assert_eq!(
        (turn.linked, turn.outside.clone()),
        (2, vec![next, next + 1, 9_000_000_000_000])
    );
    let found = report(&house).await;
    let mut named = found.flaws.clone();
    named.sort_by_key(|flaw| format!("{flaw:?}"));
    let mut outside = [-4, next, next + 1, 9_000_000_000_000]
        .map(Flaw::Outside)
        .to_vec();
    outside.sort_by_key(|flaw| format!("{flaw:?}"));
    assert_eq!((named, found.events), (outside, events + 2));

    shows_only_the_chain(&house).await;
    goes_on_without_a_head(&house).await;
    names_each_fault(&house, &[-4, next, next + 1, 9_000_000_000_000]);
}

/// Pages show only entries of the chain.
async fn shows_only_the_chain(house: &House) {
    let site = Site::open(&house.app).await;
    let auditor = site.signed_in("aud", &[Auditor]).await;
    let page = auditor.get("/console/audit").body;
    assert!(
        page.contains("after.that") && page.contains("sending.stop"),
        "{page}"
    );
    assert!(
        !page.contains("campaign.approve"),
        "a forged approval is shown"
    );
    assert!(page.contains("outside of the chain"), "the page says so");
    let incident = auditor.get("/console/incidents/sundmere").body;
    assert!(
        !incident.contains("approved it"),
        "nor on the page of what it names"
    );
}

/// The row that holds the head of the chain is deleted: the start and two acts are still linked.
async fn goes_on_without_a_head(house: &House) {
    house
        .sql("alter table audit_head disable trigger all; delete from audit_head; alter table audit_head enable trigger all")
        .await;
    assert!(report(house).await.flaws.contains(&Flaw::HeadLost));
    assert!(
        hold::start_again(&house.app, SYSTEM)
            .await
            .unwrap()
            .recorded
    );
    act(house, "without.head").await;
    let turn = link::turn(&house.app).await.unwrap();
    // The log holds the sign-in, the start, the act, and that the head was lost.
    assert_eq!((turn.restored, turn.linked >= 3), (true, true));
    let found = report(house).await;
    let restored = |flaw: &Flaw| matches!(flaw, Flaw::HeadRestored(_));
    assert!(found.flaws.iter().any(restored), "{:?}", found.flaws);
    let broken =
        |flaw: &Flaw| matches!(flaw, Flaw::Broken(_) | Flaw::Altered(_) | Flaw::Cut { .. });
    assert!(!found.flaws.iter().any(broken), "{:?}", found.flaws);
    act(house, "and.on").await;
    assert_eq!(link::turn(&house.app).await.unwrap().linked, 1);
}

/// The command names each fault, and exits with 1.
fn names_each_fault(house: &House, rows: &[i64]) {
    let said = Program::of(house).run(&["audit", "verify"]);
    let said = (
        said.status.code(),
        String::from_utf8_lossy(&said.stderr).into_owned(),
    );
    assert_eq!(said.0, Some(1));
    for row in rows {
        assert!(
            said.1.contains(&format!("row {row} is outside")),
            "{}",
            said.1
        );
    }
    assert!(
        said.1.contains("the head of the chain was deleted"),
        "{}",
        said.1
    );
}

/// The number of events read page by page, without a gap.
async fn paged(conn: &mut db::Conn) -> usize {
    let mut before = None;
    let mut seen = 0;
    loop {
        let page = store::page(conn, before, 70).await.unwrap();
        seen += page.rows.len();
        assert!(!page.breaks);
        before = page.rows.last().map(|row| row.seq);
        if !page.more {
            break;
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn many_write_and_many_link_and_the_order_is_kept() {
    let house = House::new().await;
    let writers = (0..8).map(|writer| {
        let house = &house;
        async move {
            for n in 0..25 {
                act(house, &format!("w{writer}.n{n:02}")).await;
            }
        }
    });
    let linkers = (0..3).map(|_| {
        let house = &house;
        async move {
            let deadline = Instant::now() + Duration::from_secs(30);
            while house
                .number("select count(*) from audit_event where seq is not null")
                .await
                < 200
            {
                // Another node that has written the same row is no error.
                let _ = link::turn(&house.app).await;
                assert!(Instant::now() < deadline, "not all are linked");
            }
        }
    });
    // The chain verifies at each moment.
    let reader = async {
        loop {
            let found = report(&house).await;
            assert!(found.is_whole(), "{found:?}");
            if found.events == 200 {
                break;
            }
        }
    };
    tokio::join!(join_all(writers), join_all(linkers), reader);
    let found = report(&house).await;
    assert_eq!(
        (found.flaws.as_slice(), found.events, found.waiting),
        (&[][..], 200, 0)
    );
    let mut conn = house.app.db.get().await.unwrap();
    let rows = chain::rows_after(&mut conn, None, 1_000).await.unwrap();
    for writer in 0..8 {
        let mine = rows.iter().map(|row| row.event.action.as_str());
        let mine: Vec<_> = mine
            .filter(|action| action.starts_with(&format!("w{writer}.")))
            .collect();
        assert!(mine.is_sorted() && mine.len() == 25, "{mine:?}");
    }
    assert_eq!(paged(&mut conn).await, 200);
}
