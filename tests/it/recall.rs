//! Recalls: a text that was sent and is wrong, the people who were sent it, and the correction on their status pages.

mod browser;
mod drafting;
mod pages;
mod refusals;
mod set;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use candor::campaign::error::CampaignError;
use candor::campaign::store::NewCampaign;
use candor::campaign::{CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::{CampaignId, IncidentId, RecallId, TemplateId};
use candor::recall::steer::{self, RecallError, Seen};
use candor::recall::{Corrections, Named};
use candor::template::{Variant, Variants, edit};

use crate::client::Browser;
use crate::house::House;
use crate::people::{BODY, Scene};

/// The head of a list.
pub const HEAD: &str = "reference,email,name,locale,jurisdiction,elements\n";

/// What is right.
pub const RIGHT: &str = "It happened on 5 June, not on 5 May.";

/// One person of a list.
pub fn row(reference: &str, locale: &str, jurisdiction: &str) -> String {
    let mailbox = reference.to_lowercase();
    format!("{reference},{mailbox}@home.example,Ann Lee,{locale},{jurisdiction},name\n")
}

/// A template with these words in its text of each language.
pub async fn template(
    house: &House,
    scene: &Scene,
    name: &str,
    words: &[(&str, &str)],
) -> TemplateId {
    let text = |(locale, words): &(&str, &str)| {
        let variant = Variant {
            subject: "Notice of data breach".to_owned(),
            body: format!("{words}\n\n{BODY}"),
        };
        ((*locale).to_owned(), variant)
    };
    let texts: Variants = words.iter().map(text).collect();
    edit::create(&house.app, scene.comms, name, &texts)
        .await
        .unwrap()
}

/// Launches a first notice with the first version of a template, to one jurisdiction. `None` if no person is there.
pub async fn launched(
    house: &House,
    scene: &Scene,
    template: TemplateId,
    jurisdiction: &str,
    on_uncertain: UncertainPolicy,
) -> Option<CampaignId> {
    let app = &house.app;
    let audience = serde_json::json!({ "jurisdictions": [jurisdiction] });
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: serde_json::from_value(audience).unwrap(),
        limits: Limits::default(),
        on_uncertain,
    };
    let id = launch::create(app, scene.comms, &new).await.unwrap();
    go(house, scene, id).await.then_some(id)
}

/// Submits a draft, approves and launches it. `false` if its audience is empty.
pub async fn go(house: &House, scene: &Scene, id: CampaignId) -> bool {
    let app = &house.app;
    let none = std::collections::BTreeSet::new();
    let hash = match launch::submit_with(app, scene.comms, id, &none).await {
        Err(CampaignError::NotReady(review, _)) => {
            let said = review.acknowledge.iter().map(|one| one.key.clone());
            let said = said.collect();
            launch::submit_with(app, scene.comms, id, &said)
                .await
                .unwrap()
        }
        Err(CampaignError::Nobody(_)) => return false,
        submitted => submitted.unwrap(),
    };
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    launch::launch(app, scene.comms, id).await.unwrap();
    true
}

/// Names words.
pub fn words(words: &str) -> Named {
    Named {
        words: Some(words.to_owned()),
        ..Named::default()
    }
}

/// The correction in English.
pub fn right() -> Corrections {
    BTreeMap::from([("en".to_owned(), RIGHT.to_owned())])
}

/// Proposes a recall.
pub async fn proposed(house: &House, scene: &Scene, named: Named) -> Result<RecallId, RecallError> {
    let of: IncidentId = scene.incident;
    steer::propose(&house.app, scene.comms, of, (named, right())).await
}

/// Proposes a recall and publishes it.
pub async fn published(house: &House, scene: &Scene, named: Named) -> RecallId {
    let id = proposed(house, scene, named).await.unwrap();
    steer::publish(&house.app, scene.approver, Seen::at(id, Some(1)))
        .await
        .unwrap();
    id
}

/// Waits until a page says this, or says it no longer: how long that took, two seconds at most.
pub async fn until(browser: &Browser, page: &str, words: &str, says: bool) -> Duration {
    let begun = Instant::now();
    while browser.page(page).contains(words) != says {
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "not within two seconds: {words}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}
