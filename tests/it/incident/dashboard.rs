//! The order of incidents on the dashboard.

use candor::campaign::CampaignKind;
use candor::incident::{Facts, steer};
use candor::staff::StaffRole::Comms;
use chrono::TimeDelta;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

#[tokio::test(flavor = "multi_thread")]
async fn incidents_that_need_attention_come_first_on_the_dashboard_then_the_latest() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    for slug in ["second", "third"] {
        house.app.clock.advance(TimeDelta::minutes(1));
        let opened = steer::open(&house.app, scene.comms, slug, slug, &Facts::new()).await;
        opened.unwrap();
    }
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let order = |page: &str| {
        let (_, accounted) = page.split_once("Everyone accounted for").unwrap();
        let links = accounted.split("<h3><a href=\"/console/incidents/").skip(1);
        let slugs = links.map(|rest| rest.split('"').next().unwrap().to_owned());
        slugs.collect::<Vec<_>>()
    };
    // Two people of the first campaign are told nothing, and no campaign reaches them.
    assert_eq!(
        order(&comms.page("/console")),
        ["sundmere", "third", "second"]
    );
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let moved = "update incident set state = 'notifying' where slug = 'sundmere'";
    house.sql(moved).await;
    assert_eq!(
        order(&comms.page("/console")),
        ["third", "second", "sundmere"]
    );
}
