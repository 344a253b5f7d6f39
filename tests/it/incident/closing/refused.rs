//! The effects of a refusal.

use candor::incident::IncidentState::{Closed, Monitoring, Notifying, Scoping};
use candor::incident::steer::SteerError;
use candor::scope::activate::{self, ActivateError};
use candor::scope::{self, ScopeMode};

use super::{go, go_through};
use crate::house::House;
use crate::people::Scene;

/// All people were told: only the draft prevents closing.
const LIST: &str = "reference,email,flags,elements\nA,a@example.org,hold,name\n";

async fn is_at_work(house: &House, scene: &Scene) -> bool {
    let mut conn = house.app.db.get().await.unwrap();
    let at_work = scope::store::is_at_work(&mut conn, scene.incident).await;
    at_work.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_refused_close_the_draft_that_stood_against_it_can_be_discarded_at_once() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let active = scene.import(&house, LIST).await;
    go_through(&house, &scene, &[Scoping, Notifying, Monitoring]).await;
    let draft = scene.read(&house, ScopeMode::Full, LIST).await;
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    for _ in 0..50 {
        let refused = go(&house, &scene, Closed, None).await;
        assert!(matches!(refused, Err(SteerError::StillOpen { .. })));
        assert!(!is_at_work(&house, &scene).await, "after a refused close");
        let refused = activate::discard(app, by, of, active).await;
        assert!(matches!(refused, Err(ActivateError::NotADraft { .. })));
        assert!(!is_at_work(&house, &scene).await, "after a refused discard");
    }
    activate::discard(app, by, of, draft).await.unwrap();
    go(&house, &scene, Closed, None).await.unwrap();
}
