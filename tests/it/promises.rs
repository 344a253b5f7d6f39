//! The promises (README.md), each by its name. Search the tests for `p1_` to `p10_`; the table says where each is tested:
//!
//! | promise | tests |
//! |---|---|
//! | P1 complete, P2 truthful | here; `campaign/walk.rs`; what a text names in `template/naming.rs`, checked by an independent reader; who is told what in `campaign/audiences.rs`; any order of lists and notices in `scope/random.rs`, of all events in `scope/walks.rs` and `life` |
//! | P3 nothing lost | `promises/killed.rs`; with every kind of failure at once in `promises/storm.rs`; imports in `scope/kills.rs` |
//! | P4 stop means stop | `promises/stopped.rs`; messages of the helpline in `tickets/outbox_sender.rs` |
//! | P5 four eyes | `campaign/walk.rs`; each part of what is approved in `campaign/approvals.rs` |
//! | P6 betrays nobody | `promises/dumped.rs`; logs at the level `trace` in `promises/logged.rs`, each type in `promises/masked.rs` |
//! | P7 reading changes nothing | `web/routes.rs`, every route; `tickets/pages.rs`, a person's and an agent's pages |
//! | P8 legal moves only | `tickets/moves.rs`, all pairs, by agents' actions and by raw SQL; `walk/tickets.rs`, by the API |
//! | P9 no lost update | `tickets/agents.rs`; two members of the comms team in `campaign/concurrent_edits.rs`; `web/api.rs`, versions of incidents |
//! | P10 tamper-evident | here |

mod dumped;
mod killed;
mod logged;
mod masked;
mod stopped;
pub mod storm;
mod typed;

use candor::account::{Account, account, recount};
use candor::campaign::CampaignKind;
use candor::staff::StaffRole::Comms;
use serde_json::json;

use crate::client::{ApiClient, Site};
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;

/// The account, which must be the same by counters, by people and in the API.
async fn told(house: &House, scene: &Scene, program: &ApiClient) -> Account {
    let mut conn = house.app.db.get().await.unwrap();
    let books = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(books, recount(&mut conn, scene.incident).await.unwrap());
    let seen = program.get("/incidents/sundmere/account").json();
    assert_eq!(seen, json!(books));
    assert_eq!(books.unexplained, 0);
    books
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_everybody_is_accounted_for_and_what_was_not_named_shows_until_it_is() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    let mut people = list(40, "name");
    people.push_str("R-POST,,No Mailbox,en,US-CA,name\n");
    scene.import(&house, &people).await;
    let before = told(&house, &scene, &program).await;
    assert_eq!(
        (before.people, before.in_progress, before.needs_letter),
        (41, 40, 1)
    );

    scene.launched(&house, CampaignKind::Initial).await;
    told(&house, &scene, &program).await;
    house.send_all().await;
    let after = told(&house, &scene, &program).await;
    assert_eq!((after.notified, after.unnotified_elements), (40, 0));

    scene
        .import(&house, &people.replace(",name\n", ",name;phone\n"))
        .await;
    let grown = told(&house, &scene, &program).await;
    assert_eq!((grown.notified, grown.unnotified_elements), (40, 40));

    scene.launched(&house, CampaignKind::Supplement).await;
    house.send_all().await;
    let whole = told(&house, &scene, &program).await;
    assert_eq!(
        (
            whole.notified,
            whole.unnotified_elements,
            whole.needs_letter
        ),
        (40, 0, 1)
    );
}

/// Alterations of the log, and how each is named.
const ALTERATIONS: [(&str, &str); 10] = [
    (
        "update audit_event set at = at + interval '1 second' where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set actor = overlay(actor placing 'x' from 1) where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set action = overlay(action placing 'x' from 1) where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set subject = overlay(subject placing 'x' from 1) where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set detail = overlay(detail placing ' ' from 1) where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set hash = set_byte(hash, 31, 255 - get_byte(hash, 31)) where seq = 3",
        "event 3 was altered",
    ),
    (
        "update audit_event set prev_hash = set_byte(prev_hash, 0, 255 - get_byte(prev_hash, 0)) where seq = 3",
        "breaks at event 3",
    ),
    (
        "update audit_event set seq = 1000003 where seq = 3",
        "breaks at event 4",
    ),
    ("delete from audit_event where seq = 3", "breaks at event 4"),
    (
        "delete from audit_event where seq = (select max(seq) from audit_event)",
        "its end was cut off",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn p10_every_alteration_of_the_audit_log_is_named() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let program = Program::of(&house);
    let said = program.ok(&["audit", "verify"]);
    let kept = said.trim().rsplit(' ').next().unwrap().to_owned();
    program.ok(&["audit", "verify", "--kept", &kept]);
    let events = house.number("select count(*) from audit_event").await;
    assert!(events > 5);
    for action in [
        "truncate audit_event",
        "delete from audit_event",
        "update audit_event set seq = 0",
    ] {
        let refused = house.raw().await.batch_execute(action).await.unwrap_err();
        let why = refused.as_db_error().unwrap().message();
        assert_eq!(why, "audit_event is append-only", "{action}");
    }
    house
        .sql(
            "alter table audit_event disable trigger all; alter table audit_head disable trigger all; \
             create table kept as table audit_event",
        )
        .await;

    for (tampering, named) in ALTERATIONS {
        house.sql(tampering).await;
        let found = program.run(&["audit", "verify"]);
        let why = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(1), "{tampering}: {why}");
        assert!(why.contains(named), "{tampering}: {why}");
        house
            .sql("delete from audit_event; insert into audit_event table kept")
            .await;
    }
    program.ok(&["audit", "verify"]);

    // A person with access to the database rewrites the whole chain consistently: it differs from the head that was
    // kept elsewhere.
    house
        .sql("delete from audit_event; update audit_head set seq = 0, hash = ''")
        .await;
    program.ok(&["stop"]);
    program.ok(&["audit", "verify"]);
    let found = program.run(&["audit", "verify", "--kept", &kept]);
    assert_eq!(found.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&found.stderr).contains("rewritten"));
}
