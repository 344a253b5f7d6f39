//! When an approval is void, and who is told so.

use serde_json::json;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_that_was_told_since_approval_is_empty_at_launch() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let (one, other) = (scene.approved(&house).await, scene.approved(&house).await);
    launch::launch(&house.app, scene.comms, one).await.unwrap();
    house.send_all().await;
    let refused = launch::launch(&house.app, scene.comms, other).await;
    assert!(matches!(refused, Err(CampaignError::Nobody(count)) if count.people() == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_approval_is_shown_as_void_everywhere() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let lead = site.signed_in("comms", &[Comms, Approver]).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene.approved(&house).await;
    let api = format!("/campaigns/{campaign}");
    assert_eq!(
        program.get(&api).json()["approval"],
        json!({ "valid": true, "changed": [] })
    );
    let page = format!("/console/campaigns/{campaign}");
    assert!(!lead.get(&page).body.contains("pproval void"));

    let facts = [("contact_phone".to_owned(), "555-0199".to_owned())].into();
    steer::edit_facts(
        &house.app,
        scene.comms,
        scene.incident,
        2,
        "Theft of data",
        &facts,
    )
    .await
    .unwrap();
    let void = json!({ "valid": false, "changed": ["fact:contact_phone"] });
    assert_eq!(program.get(&api).json()["approval"], void);
    assert_eq!(
        program.get("/campaigns").json()["items"][0]["approval"],
        void
    );
    for path in [&page, "/console/campaigns", "/console/incidents/sundmere"] {
        let shown = lead.get(path).body;
        assert!(shown.contains("approval void"), "{path}: {shown}");
        assert!(shown.contains("the fact “contact_phone” changed"), "{path}");
    }
    let needs = lead.get("/console").body;
    assert!(
        needs.contains("has changed since it was submitted"),
        "{needs}"
    );
    assert!(!needs.contains("is approved and not launched"), "{needs}");
    let refused = program.post(&format!("{api}/launch"), &json!({}));
    assert_eq!(
        (refused.status, &refused.json()["changed"]),
        (409, &json!(["fact:contact_phone"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_fact_that_is_not_public_is_shown_to_the_approver() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let lead = site.signed_in("comms", &[Comms, Approver]).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let body = "{{ elements }} Call {{ facts.contact_phone }}.";
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(&house, "Quotes", body).await,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Default::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let quoting = launch::create(&house.app, scene.comms, &new).await.unwrap();
    launch::submit(&house.app, scene.comms, quoting)
        .await
        .unwrap();
    let said = "whose present text is not public: contact_phone";
    let page = lead.get(&format!("/console/campaigns/{quoting}")).body;
    assert!(page.contains(said), "{page}");
    let silent = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let page = lead.get(&format!("/console/campaigns/{silent}")).body;
    assert!(!page.contains(said));
}
