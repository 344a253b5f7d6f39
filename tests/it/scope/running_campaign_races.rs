//! A campaign that is launched while a list comes in force.

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use candor::scope::ScopeMode;
use candor::scope::activate::{ActivateError, activate};
use candor::scope::consent::{Consent, Ending, Question, yes_to};

use crate::house::House;
use crate::people::{Scene, list, submitted};
use crate::sessions::{holder, until_waiting, waiting_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_launched_while_a_list_is_put_in_force_is_asked_about_before_it_ends() {
    let house = House::with("[database]\nlock_seconds = 30").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name")).await;
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let kind = CampaignKind::Initial;
    let campaign = scene.draft(&house, kind, UncertainPolicy::Resend).await;
    let hash = submitted(app, by, campaign).await.unwrap();
    launch::approve(app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    let version = scene.read(&house, ScopeMode::Full, &list(21, "name")).await;
    // The launch locks the incident's row first, the activation second: by then the activation has asked which
    // campaigns end.
    let (raw, pid) = holder(&house).await;
    raw.batch_execute("select from incident for no key update")
        .await
        .unwrap();
    let sender = app.clone();
    let launched = tokio::spawn(async move { launch::launch(&sender, by, campaign).await });
    let first = waiting_for(&house, pid).await;
    let lists = app.clone();
    let active =
        tokio::spawn(async move { activate(&lists, by, of, version, Consent::NotGiven).await });
    until_waiting(&house, first, 1).await;
    raw.batch_execute("rollback").await.unwrap();
    launched.await.unwrap().unwrap();
    let refused = active.await.unwrap();
    let Err(ActivateError::Unconfirmed { questions, .. }) = refused else {
        panic!("{refused:?}");
    };
    let ends = Ending {
        name: "Initial notice of 23 November".to_owned(),
        number: 1,
        untold: Some(20),
    };
    assert_eq!(
        questions,
        [Question::CampaignsEnd {
            number: 1,
            campaigns: vec![ends]
        }]
    );
    let in_force = "select active_scope from incident";
    assert_eq!(house.number(in_force).await, 1, "nothing has changed");
    let sending = "select count(*) from campaign where status = 'sending'";
    assert_eq!(house.number(sending).await, 1);

    let yes = Consent::Numbers(yes_to(&questions));
    activate(app, by, of, version, yes).await.unwrap();
    assert_eq!(house.number(in_force).await, 2);
}
