//! A request that a deadlock ended has changed nothing, and is retried once before its caller hears of it.

use candor::staff::StaffRole;
use serde_json::json;

use crate::client::{Seen, Site};
use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::{holder, until_waiting};

/// Launches by `post` while another session locks the campaign, then the incident: the launch locks them in the other
/// order. The other session commits once the launch waits for it again.
pub async fn in_a_deadlock(house: &House, post: impl FnOnce() -> Seen + Send + 'static) -> Seen {
    let (raw, pid) = holder(house).await;
    raw.batch_execute("select from campaign for update")
        .await
        .unwrap();
    let answer = tokio::task::spawn_blocking(post);
    until_waiting(house, pid, 1).await;
    // Each waits for the other; the launch is ended, and this session continues.
    raw.batch_execute("select from incident for update")
        .await
        .unwrap();
    // The retry waits for the incident, in the right order.
    until_waiting(house, pid, 1).await;
    raw.batch_execute("rollback").await.unwrap();
    answer.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_of_the_api_that_meets_a_deadlock_is_run_again_and_done_once() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let id = scene.approved(&house).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[StaffRole::Comms]).await;
    let path = format!("/campaigns/{id}/launch");
    let post = move || program.post(&path, &json!({}));
    let seen = in_a_deadlock(&house, post).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let launched = "select count(*) from audit_event where action = 'campaign.launch'";
    assert_eq!(house.number(launched).await, 1);
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_meets_a_deadlock_is_run_again_and_done_once() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let id = scene.approved(&house).await;
    let site = Site::open(&house.app).await;
    let browser = site.signed_in("comms", &[StaffRole::Comms]).await;
    let page = format!("/console/campaigns/{id}");
    let to = format!("{page}/launch");
    let post = move || browser.submit(&page, &to, &[("sure", "yes")]);
    let seen = in_a_deadlock(&house, post).await;
    assert_eq!(seen.status, 303, "{}", seen.body);
    let launched = "select count(*) from audit_event where action = 'campaign.launch'";
    assert_eq!(house.number(launched).await, 1);
}
