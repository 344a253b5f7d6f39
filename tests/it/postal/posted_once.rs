//! Recording letters over the API: the act finishes without its client, and what repeated requests are told.

use std::sync::Arc;
use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::id::BUCKETS;
use candor::notice::freeze;
use candor::person;
use candor::postal::PostalKind;
use candor::staff::StaffRole::Comms;
use serde_json::json;
use tokio::time::timeout;

use super::{Post, without_mail};
use crate::client::{ApiClient, Seen, Site};

fn kind(seen: &Seen) -> String {
    let kind = seen.json()["type"].as_str().unwrap_or_default().to_owned();
    kind.trim_start_matches("urn:candor:problem:").to_owned()
}

fn posted(program: &ApiClient, batch: candor::id::PostalId, key: &str) -> Seen {
    let path = format!("/letters/{batch}/posted");
    program.post_with(
        &path,
        &[("idempotency-key", key)],
        &json!({ "on": "2026-11-23" }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_hears_that_the_first_still_runs_although_its_act_is_done() {
    let post = Post::with(&without_mail(3)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let program = Arc::new(site.program(&[Comms]).await);
    let mut people = post.house.app.db.begin().await.unwrap();
    person::store::lock(&mut people, post.scene.incident, 0..BUCKETS)
        .await
        .unwrap();
    let first = Arc::clone(&program);
    let first = tokio::spawn(async move { posted(&first, batch.id, "k") });
    post.house
        .until(
            "the post",
            "select count(*) from idempotency where key = 'k' and status = 200",
        )
        .await;
    let again = posted(&program, batch.id, "k");
    assert_eq!(
        (again.status, kind(&again).as_str()),
        (409, "still-running"),
        "{}",
        again.body
    );
    assert_eq!(post.batch(batch.id).await.state.as_str(), "posting");
    people.commit().await.unwrap();
    let first = first.await.unwrap();
    assert_eq!(
        (first.status, &first.json()["state"]),
        (200, &json!("posted")),
        "{}",
        first.body
    );
    let again = posted(&program, batch.id, "k");
    assert_eq!((again.status, again.body), (200, first.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_goes_on_with_what_was_begun_is_not_said_to_have_changed_nothing() {
    let post = Post::with(&without_mail(3)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let program = site.program(&[Comms]).await;
    post.house
        .sql(
            "create function cut() returns trigger language plpgsql as
                $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
             create trigger cut before update on postal_item for each row execute function cut()",
        )
        .await;
    for key in ["begins", "goes-on"] {
        let seen = posted(&program, batch.id, key);
        assert_eq!(
            (seen.status, kind(&seen).as_str()),
            (503, "outcome-unknown"),
            "{key}: {}",
            seen.body
        );
    }
    post.house.sql("drop trigger cut on postal_item").await;
    for key in ["begins", "goes-on"] {
        let seen = posted(&program, batch.id, key);
        assert_eq!(seen.status, 200, "{key}: {}", seen.body);
        assert!(seen.body.contains("this was done"), "{key}: {}", seen.body);
    }
    assert_eq!(posted(&program, batch.id, "last").json()["state"], "posted");
}

#[tokio::test(flavor = "multi_thread")]
async fn audiences_are_frozen_while_a_list_of_letters_is_taken() {
    let rows = without_mail(3) + "m,m@example.org,M,1,1 St,en,US-WA,,name\n";
    let post: &'static Post = Box::leak(Box::new(Post::with(&rows).await));
    post.scene
        .launched(&post.house, CampaignKind::Initial)
        .await;
    let raw = post.house.raw().await;
    raw.batch_execute("begin; lock table postal_item in share mode")
        .await
        .unwrap();
    let taking = tokio::spawn(post.take(PostalKind::Letter, false));
    let second = tokio::spawn(post.take(PostalKind::Letter, false));
    let waits = "select count(*) from pg_stat_activity a where wait_event = 'advisory' and pg_blocking_pids(a.pid) &&
        array(select l.pid from pg_locks l join pg_class c on c.oid = l.relation
            where c.relnamespace = current_schema()::regnamespace)";
    post.house.until("the post", waits).await;
    let step = timeout(Duration::from_secs(20), freeze::step(&post.house.app));
    assert!(
        step.await
            .expect("the audience waits for the list")
            .unwrap()
    );
    post.house.send_all().await;
    assert_eq!(post.house.mail.take_sent().len(), 1);
    assert!(!taking.is_finished() && !second.is_finished());
    raw.batch_execute("commit").await.unwrap();
    // Of two concurrent lists one has the people; the other is told that they wait on the first.
    let ended = [taking.await.unwrap(), second.await.unwrap()];
    let taken: Vec<i64> = ended
        .iter()
        .flatten()
        .map(|(batch, _)| batch.people)
        .collect();
    assert_eq!(taken, [3], "{ended:?}");
}
