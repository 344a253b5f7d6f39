//! Two concurrent acts: the lock of the incident's row orders them, in both orders.

use std::future::Future;
use std::time::Duration;

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use candor::incident::IncidentState::{Closed, Confirmed, Monitoring, Notifying, Scoping};
use candor::incident::steer::SteerError;
use candor::person::find::{Clue, find};
use candor::scope::ScopeMode;
use candor::scope::import::{ImportError, Source, import};
use candor::ticket::intake;
use tokio::task::JoinHandle;

use super::{go, go_through, reasons};
use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::holder;

/// The number of sessions that wait for this one, directly or through another session.
async fn waiting(house: &House, holder: i32) -> i64 {
    let question = format!(
        "with recursive blocked as (
            select pid from pg_stat_activity where {holder} = any(pg_blocking_pids(pid))
            union select a.pid from pg_stat_activity a join blocked b on b.pid = any(pg_blocking_pids(a.pid)))
        select count(*) from blocked"
    );
    house.number(&question).await
}

/// Runs both so that `first` waits for the incident's row before `second` does.
async fn in_order<A: Send + 'static, B: Send + 'static>(
    house: &House,
    first: impl Future<Output = A> + Send + 'static,
    second: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let (raw, pid) = holder(house).await;
    raw.batch_execute("select from incident for update")
        .await
        .unwrap();
    let first = in_line(house, first, pid, 1).await;
    let second = in_line(house, second, pid, 2).await;
    raw.batch_execute("commit").await.unwrap();
    (first.await.unwrap(), second.await.unwrap())
}

async fn in_line<T: Send + 'static>(
    house: &House,
    act: impl Future<Output = T> + Send + 'static,
    holder: i32,
    place: i64,
) -> JoinHandle<T> {
    let act = tokio::spawn(act);
    for _ in 0..3_000 {
        if waiting(house, holder).await == place {
            return act;
        }
        assert!(!act.is_finished(), "it did not ask for the incident's row");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("number {place} does not wait for the incident's row");
}

/// An incident in monitoring in which all people were told.
async fn monitored() -> (&'static House, &'static Scene) {
    let house: &'static House = Box::leak(Box::new(House::new().await));
    let scene: &'static Scene = Box::leak(Box::new(Scene::new(house).await));
    go_through(house, scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(house, &list(2, "name")).await;
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    go_through(house, scene, &[Monitoring]).await;
    (house, scene)
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_question_that_comes_before_closing_is_seen_and_one_after_it_is_taken() {
    let (house, scene) = monitored().await;
    let id = async |n: usize| {
        let clue = Clue::Reference(format!("R-{n:05}"));
        let person = find(&house.app, scene.incident, &clue).await.unwrap();
        person[0].id
    };
    let asks = |id| intake::ask(&house.app, scene.incident, id, "", "And now?");
    let (asked, closed) = Box::pin(in_order(
        house,
        asks(id(0).await),
        go(house, scene, Closed, None),
    ))
    .await;
    asked.unwrap();
    assert_eq!(
        reasons(closed),
        ["1 ticket is open", "1 message waits in the outbox"]
    );
    house
        .sql("update ticket set status = 'open' where status = 'new'")
        .await;
    house
        .sql("update ticket set status = 'closed', resolution = 'spam', closed_at = now(), assignee = null")
        .await;
    house.send_all().await;
    let (closed, asked) = Box::pin(in_order(
        house,
        go(house, scene, Closed, None),
        asks(id(1).await),
    ))
    .await;
    closed.unwrap();
    asked.unwrap();
    let open = "select count(*) from ticket where status = 'new'";
    assert_eq!(house.number(open).await, 1, "late words are not lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_of_a_launch_and_closing_only_the_first_happens() {
    let (house, scene) = monitored().await;
    scene.import(house, &list(3, "name")).await;
    house
        .sql("update account_count set n = 0 where standing = 'in_progress'")
        .await;
    let id = scene.approved(house).await;
    // An approved campaign already prevents closing: the race is with one that is not visible yet.
    let (launched, closed) = Box::pin(in_order(
        house,
        launch::launch(&house.app, scene.comms, id),
        go(house, scene, Closed, None),
    ))
    .await;
    launched.unwrap();
    assert_eq!(
        reasons(closed),
        ["1 campaign is under way: let it end, or cancel it"]
    );
    let draft = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    candor::campaign::hold::cancel(&house.app, scene.comms, id)
        .await
        .unwrap();
    house.send_all().await;
    let closed = go(house, scene, Closed, None).await;
    let submitted = launch::submit(&house.app, scene.comms, draft).await;
    closed.unwrap();
    assert!(submitted.is_err(), "{submitted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_b4_of_an_import_and_closing_only_the_first_happens() {
    let (house, scene) = monitored().await;
    let read = || {
        let source = Source::File(std::io::Cursor::new(list(3, "name").into_bytes()));
        import(
            &house.app,
            scene.comms,
            scene.incident,
            ScopeMode::Full,
            source,
            |_| {},
        )
    };
    let closing = || go(house, scene, Closed, None);
    let (imported, closed) = Box::pin(in_order(house, read(), closing())).await;
    let version = imported.unwrap().version;
    // The list is being read, or waits as a draft.
    let open = reasons(closed);
    assert!(
        open.len() == 1 && open[0].starts_with("1 list "),
        "{open:?}"
    );
    candor::scope::activate::discard(&house.app, scene.comms, scene.incident, version)
        .await
        .unwrap();
    let (closed, imported) = Box::pin(in_order(house, closing(), read())).await;
    match closed {
        // The import holds the lists of the incident while it waits for the row: closing sees that.
        Err(SteerError::StillOpen { reasons, .. }) => {
            assert_eq!(reasons, ["1 list is being imported or put in force"]);
            imported.unwrap();
        }
        Ok(()) => assert!(
            matches!(imported, Err(ImportError::Over(Closed))),
            "{imported:?}"
        ),
        other => panic!("{other:?}"),
    }
}
