//! Recording one list twice at once, while a list comes into force, and after a crash half way.

use candor::postal::{PostalError, PostalKind, PostalState, post};

use super::{Post, day, without_mail};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_posted_twice_at_once_is_recorded_once() {
    let post = Post::with(&without_mail(300)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let record = || post.posted(batch.id, "2026-11-23");
    let (one, two) = tokio::join!(record(), record());
    // The second run finds the first at work and helps, or finds it done.
    for ended in [one, two] {
        assert!(
            matches!(ended, Ok(_) | Err(PostalError::NotWaiting { .. })),
            "{ended:?}"
        );
    }
    assert_eq!(post.figures().await, [300, 300, 0, 0, 0, 0]);
    let acts = "select count(*) from audit_event where action = 'letters.posted'";
    assert_eq!(post.house.number(acts).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn posting_and_an_activation_at_once_keep_the_account() {
    let post = Post::with(&without_mail(300)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let grown = without_mail(150).replace("name;ssn", "name;ssn;dob");
    let (posted, ()) = tokio::join!(post.posted(batch.id, "2026-11-23"), post.delta(&grown));
    posted.unwrap();
    // In either order: the people must still be told what the list did not name.
    assert_eq!(post.figures().await, [150, 150, 0, 0, 150, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_died_half_way_goes_on_where_it_stands() {
    let post = Post::with(&without_mail(300)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let middle =
        "select percentile_disc(0.5) within group (order by bucket)::bigint from postal_item";
    let middle = post.house.number(middle).await;
    post.house
        .sql(&format!(
            "create function die() returns trigger language plpgsql as $$ begin raise 'dead'; end $$;
             create trigger die before update on postal_item for each row when (old.bucket = {middle}) \
                 execute function die()",
        ))
        .await;
    let died = post.posted(batch.id, "2026-11-23").await;
    assert!(matches!(died, Err(PostalError::Db(_))), "{died:?}");
    let [notified, by_post, _, _, needs_letter, _] = post.figures().await;
    assert!(notified == by_post && notified > 0 && needs_letter > 0);
    assert_eq!(notified + needs_letter, 300);
    assert_eq!(post.batch(batch.id).await.state, PostalState::Posting);
    // No one may change the day, or discard the list.
    let app = &post.house.app;
    let other = post::discard(app, post.scene.comms, batch.id).await;
    assert!(
        matches!(other, Err(PostalError::NotWaiting { .. })),
        "{other:?}"
    );
    post.house.app.clock.advance(chrono::TimeDelta::days(1));
    let other = post.posted(batch.id, "2026-11-24").await;
    let first = |on| on == Some(day("2026-11-23"));
    assert!(
        matches!(other, Err(PostalError::NotWaiting { on, .. }) if first(on)),
        "{other:?}"
    );
    post.house.sql("drop trigger die on postal_item").await;
    post::resume(app).await.unwrap();
    assert_eq!(post.figures().await, [300, 300, 0, 0, 0, 0]);
    assert_eq!(post.batch(batch.id).await.state, PostalState::Posted);
    post::resume(app).await.unwrap();
}
