//! The end of an incident: what must be over before it is closed, dismissed or forgotten, and that nothing follows.

mod asked;
mod forgotten;
mod races;
mod refused;
mod senders;
mod waits;

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy};
use candor::erasure::{ForgetError, forget};
use candor::id::{IncidentId, StaffId};
use candor::incident::open::Untold;
use candor::incident::steer::{self, SteerError, Step};
use candor::incident::{IncidentState, store};

use crate::house::House;
use crate::people::{BODY, Scene};

/// Moves the incident to its next state with this consent.
pub async fn go(
    house: &House,
    scene: &Scene,
    to: IncidentState,
    agreed: Option<Untold>,
) -> Result<(), SteerError> {
    let step = Step {
        version: version(house, scene.incident).await,
        to,
        agreed,
    };
    steer::step(&house.app, scene.comms, scene.incident, step).await
}

/// Moves the incident through these states, which must be possible; its current state is skipped.
pub async fn go_through(house: &House, scene: &Scene, states: &[IncidentState]) {
    for to in states {
        let mut conn = house.app.db.get().await.unwrap();
        let stands = store::find(&mut conn, scene.incident).await.unwrap().state;
        if stands != *to {
            go(house, scene, *to, None).await.unwrap();
        }
    }
}

pub async fn version(house: &House, incident: IncidentId) -> i32 {
    let mut conn = house.app.db.get().await.unwrap();
    store::find(&mut conn, incident).await.unwrap().version
}

/// What prevents closing or dismissing.
#[track_caller]
pub fn reasons(refused: Result<(), SteerError>) -> Vec<String> {
    match refused {
        Err(SteerError::StillOpen { reasons, .. }) => reasons,
        other => panic!("{other:?}"),
    }
}

/// An admin forgets the scene's incident.
pub async fn forget_it(house: &House, by: StaffId, scene: &Scene) -> Result<(), ForgetError> {
    forget(&house.app, by, scene.incident, "sundmere").await
}

/// No campaign can be drafted for the scene's incident, which is forgotten.
async fn no_campaign_is_drafted(house: &House, scene: &Scene) {
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, "late", BODY).await,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let drafted = launch::create(&house.app, scene.comms, &new).await;
    assert!(
        matches!(drafted, Err(CampaignError::Forgotten)),
        "{drafted:?}"
    );
}
