//! Programs that ask for the same audience share one count.

use std::sync::Arc;

use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::staff::StaffRole::Comms;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::{pid, until_waited};

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_ask_for_an_audience_share_a_count_that_took_long() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let site = Site::open(&house.app).await;
    let program = Arc::new(site.program(&[Comms]).await);
    let ask = || {
        let (program, at) = (program.clone(), format!("/campaigns/{draft}/audience"));
        tokio::task::spawn_blocking(move || program.get(&at))
    };
    let holder = house.raw().await;
    let holding = pid(&holder).await;
    let lock = "begin; lock table person in access exclusive mode";
    holder.batch_execute(lock).await.unwrap();
    let first = ask();
    until_waited(&house, holding, 1.1).await;
    holder.batch_execute("rollback").await.unwrap();
    let first = first.await.unwrap();
    assert_eq!((first.status, &first.json()["mailable"]), (200, &3.into()));
    // The counts cannot be read now, and the command does not need them.
    holder.batch_execute(lock).await.unwrap();
    let second = ask().await.unwrap();
    holder.batch_execute("rollback").await.unwrap();
    assert_eq!((second.status, second.body), (200, first.body));
}
