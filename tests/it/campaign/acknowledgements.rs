//! What is acknowledged of a correction that corrects nothing.

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::notice::account::account;
use candor::staff::StaffRole::Comms;

use crate::client::Site;
use crate::house::House;
use crate::html::has;
use crate::people::{Scene, list, list_of_three_without_phones};

#[tokio::test(flavor = "multi_thread")]
async fn p2_what_is_acknowledged_of_a_correction_says_that_these_people_then_count_as_corrected() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(4, "name;phone")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    // Two people were told of a telephone number that is not theirs; one is no longer affected.
    let second = list_of_three_without_phones();
    scene.import(&house, &second).await;
    let told_too_much = async || {
        let mut conn = house.app.db.get().await.unwrap();
        account(&mut conn, scene.incident)
            .await
            .unwrap()
            .told_too_much
    };
    assert_eq!(told_too_much().await, 3);
    let (kind, resend) = (CampaignKind::Correction, UncertainPolicy::Resend);
    let campaign = scene.draft(&house, kind, resend).await;
    let review = match launch::submit(&house.app, scene.comms, campaign).await {
        Err(CampaignError::NotReady(review, _)) => review,
        other => panic!("{other:?}"),
    };
    let of = |key: &str| {
        let found = review.acknowledge.iter().find(|one| one.key == key);
        found.unwrap_or_else(|| panic!("{key}: {:?}", review.acknowledge))
    };
    has(
        &of("en:told-wrongly=3").why,
        "once it is sent, these 3 people count as corrected and leave “Told too much”, although the text does not say \
         what was wrong.",
    );
    has(
        &of("en:not-affected=1").why,
        "once it is sent, this person counts as corrected and leaves “Told too much”, although the text does not say \
         that they are not affected.",
    );
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    has(
        &comms.page(&format!("/console/campaigns/{campaign}")),
        "these 3 people count as corrected",
    );
    // The words match what they were last told.
    scene.launch(&house, campaign).await;
    house.send_all().await;
    assert_eq!(told_too_much().await, 0);
    has(
        &comms.page("/console"),
        "was last told all that was exposed, and nothing else",
    );
}
