//! What an approval covers (promise P5): after any change the launch is refused and names what changed. And what no
//! approval can allow.

mod void;

use std::sync::Arc;

use candor::actor::Actor;
use candor::campaign::change::Change;
use candor::campaign::content::ContentError;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, NewCampaign};
use candor::campaign::{CampaignKind, Limits, UncertainPolicy, approval, hold};
use candor::config::Config;
use candor::config::PublicUrl;
use candor::delivery::letter::{BadContent, Edition};
use candor::id::CampaignId;
use candor::incident::{self, IncidentState, steer};
use candor::staff::StaffRole::{Approver, Comms};
use chrono::TimeDelta;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

/// Changes a setting of the program.
type Set = fn(&mut Config);

fn changed(refused: Result<(), CampaignError>) -> Vec<String> {
    match refused {
        Err(CampaignError::ApprovalVoid(changed)) => changed.iter().map(Change::word).collect(),
        other => panic!("{other:?}"),
    }
}

/// Settings that an approval covers, and how each is named.
const SETTINGS: [(Set, &str); 5] = [
    (
        |config| config.http.public_url = PublicUrl::parse("https://other.example").unwrap(),
        "public_address",
    ),
    (
        |config| config.organisation.return_path = "b@other.example".to_owned(),
        "return_path",
    ),
    (|config| config.mail.verp = !config.mail.verp, "return_path"),
    (
        |config| config.organisation.name = "Other".to_owned(),
        "organisation",
    ),
    (
        |config| config.organisation.from_name = "Other".to_owned(),
        "sender",
    ),
];

/// Changes of what was approved, how each is undone, and how each is named.
const CHANGES: [(&str, &str, &[&str]); 7] = [
    (
        "campaign set template_version = 2",
        "campaign set template_version = 1",
        &["text:en", "names"],
    ),
    (
        "incident set facts = '{\"contact_phone\": \"1\", \"when\": \"2026\"}'",
        "incident set facts = '{\"contact_phone\": \"555-0142\"}'",
        &["fact:contact_phone", "fact:when"],
    ),
    (
        "campaign set audience = jsonb_set(audience, '{flags}', '[\"minor\"]')",
        "campaign set audience = kept_audience",
        &["audience"],
    ),
    (
        "campaign set limits = '{\"rate_per_second\": 7}'",
        "campaign set limits = kept_limits",
        &["rate"],
    ),
    (
        "campaign set on_uncertain = 'leave'",
        "campaign set on_uncertain = 'resend'",
        &["policy"],
    ),
    (
        "incident set active_scope = 2",
        "incident set active_scope = 1",
        &["scope"],
    ),
    (
        "incident set title = 'Other'",
        "incident set title = 'Theft of data'",
        &["title"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_change_of_anything_that_was_approved_is_refused_and_named() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene.approved(&house).await;
    house
        .sql(
            "alter table campaign add column kept_audience jsonb, add column kept_limits jsonb;
             update campaign set kept_audience = audience, kept_limits = limits;
             insert into template_version select template_id, 2, created_by, created_at, 1 from template_version;
             insert into template_variant select template_id, 2, locale, subject, body || '!' from template_variant",
        )
        .await;
    scene.import(&house, &list(3, "name")).await;
    house.sql("update incident set active_scope = 1").await;
    for (change, undo, named) in CHANGES {
        house.sql(&format!("update {change}")).await;
        assert_eq!(
            changed(launch::launch(&house.app, scene.comms, campaign).await),
            named
        );
        house.sql(&format!("update {undo}")).await;
    }
    for (change, named) in SETTINGS {
        let mut app = house.app.clone();
        let mut config = (*app.config).clone();
        change(&mut config);
        app.config = Arc::new(config);
        assert_eq!(
            changed(launch::launch(&app, scene.comms, campaign).await),
            [named]
        );
    }
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_senders_use_what_was_approved_and_not_their_own_settings() {
    let house = House::with("[http]\npublic_url = \"https://help.sundmere.example\"").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let campaign = scene.approved(&house).await;
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    // Another node with other settings sends.
    let mut elsewhere = (*house.app.config).clone();
    elsewhere.http.public_url = PublicUrl::parse("https://evil.example").unwrap();
    elsewhere.organisation.return_path = "bounce@evil.example".to_owned();
    let mut app = house.app.clone();
    app.config = Arc::new(elsewhere);
    let shutdown = candor::shutdown::Shutdown::new();
    candor::worker::start(&app, house.routes(2), &shutdown);
    house.until_idle().await;
    shutdown.leave();
    shutdown.wait(std::time::Duration::from_secs(20)).await;
    let letter = house.mail.sent().remove(0);
    let text = String::from_utf8(letter.raw).unwrap();
    assert!(
        text.contains("https://help.sundmere.example/s/") && !text.contains("evil"),
        "{text}"
    );
    assert_eq!(letter.sender.domain(), "sundmere.example");
}

/// Replaces what was submitted of a campaign, and what was approved with it, as another version of Candor wrote it.
async fn pinned_by_another_version(house: &House, campaign: CampaignId) {
    house
        .sql(&format!(
            "update campaign set content = replace(content, '{{\"format\":1,', '{{\"format\":2,'), approved_hash = \
             sha256(convert_to(replace(content, '{{\"format\":1,', '{{\"format\":2,'), 'UTF8')) where id = '{}'",
            campaign.uuid()
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_content_of_another_format_is_neither_approved_launched_resumed_nor_sent() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let campaign = scene.approved(&house).await;
    pinned_by_another_version(&house, campaign).await;
    let refused = launch::launch(&house.app, scene.comms, campaign).await;
    let words = refused.as_ref().err().map(ToString::to_string);
    assert_eq!(changed(refused), ["format"]);
    assert_eq!(
        words.as_deref(),
        Some(
            "the approval is void: the format of the content that was submitted changed since. Take it back and submit \
             it again"
        )
    );
    // Taken back and submitted again, this version writes its own format.
    launch::take_back(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    let hash = launch::submit(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();

    // A launched one is not resumed, and its sender stops at the number.
    hold::pause(&house.app, Actor::Staff(scene.comms), campaign, None)
        .await
        .unwrap();
    pinned_by_another_version(&house, campaign).await;
    let refused = hold::resume(&house.app, scene.comms, campaign).await;
    let expected = ContentError::Format(2);
    assert!(
        matches!(&refused, Err(CampaignError::Content(why)) if *why == expected),
        "{refused:?}"
    );
    let mut conn = house.app.db.get().await.unwrap();
    let found = store::overview(&mut conn, campaign).await.unwrap();
    let incident = incident::store::find(&mut conn, scene.incident).await;
    let void = approval::void(&house.app, [&found], &[incident.unwrap()]);
    assert_eq!(void[&campaign], [Change::Format]);
    let text = found.campaign.content.unwrap();
    let edition = Edition::new(&text, &house.app.keys, &house.app.signers);
    assert_eq!(edition.err(), Some(BadContent::Content(expected)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_list_put_in_force_between_submission_and_launch_voids_the_approval() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene.approved(&house).await;
    // A list with only some buckets in force.
    scene.import(&house, &list(4, "name")).await;
    house.sql("update incident set active_scope = 1").await;
    house
        .sql("update scope_version set status = 'activating', activated_at = null, activated_by = null where version = 2")
        .await;
    let refused = launch::launch(&house.app, scene.comms, campaign).await;
    assert!(
        matches!(refused, Err(CampaignError::Activating(2))),
        "{refused:?}"
    );
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let refused = launch::submit(&house.app, scene.comms, draft).await;
    assert!(
        matches!(refused, Err(CampaignError::Activating(2))),
        "{refused:?}"
    );
    house
        .sql("update scope_version set status = 'active', activated_at = now(), activated_by = activating_by where version = 2")
        .await;
    house.sql("update incident set active_scope = 2").await;
    assert_eq!(
        changed(launch::launch(&house.app, scene.comms, campaign).await),
        ["scope"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn launches_and_an_activation_at_once_never_send_what_was_not_approved() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    for round in 0..8 {
        let campaign = scene.approved(&house).await;
        let version = i32::try_from(round).unwrap() + 2;
        let longer = list(4 + round, "name");
        let (first, second, imported) = tokio::join!(
            launch::launch(&house.app, scene.comms, campaign),
            launch::launch(&house.app, scene.comms, campaign),
            scene.import(&house, &longer),
        );
        assert_eq!(imported, version);
        assert!(first.is_err() || second.is_err(), "it is launched once");
        for one in [first, second] {
            let fine = matches!(
                one,
                Ok(())
                    | Err(CampaignError::ApprovalVoid(_)
                        | CampaignError::IllegalMove { .. }
                        | CampaignError::Activating(_))
            );
            assert!(fine, "{one:?}");
        }
        house.sql("update campaign set status = 'cancelled', ended_at = now() where status in ('sending', 'approved')").await;
    }
}

/// The deadline passes before the submission, before the approval, and before the launch.
async fn nothing_goes_late(house: &House, scene: &Scene) {
    let template = scene.template(house, "Late", crate::people::BODY).await;
    let until = |hours| NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Default::default(),
        limits: Limits {
            finish_by: Some(house.app.now() + TimeDelta::hours(hours)),
            ..Limits::default()
        },
        on_uncertain: UncertainPolicy::Resend,
    };
    let late = launch::create(&house.app, scene.comms, &until(-1)).await;
    assert!(matches!(late, Err(CampaignError::Late)));
    let submitted = launch::create(&house.app, scene.comms, &until(2))
        .await
        .unwrap();
    let drafted = launch::create(&house.app, scene.comms, &until(2))
        .await
        .unwrap();
    let hash = launch::submit(&house.app, scene.comms, submitted)
        .await
        .unwrap();
    launch::approve(&house.app, scene.approver, submitted, &hash)
        .await
        .unwrap();
    house.app.clock.advance(TimeDelta::hours(3));
    for refused in [
        launch::submit(&house.app, scene.comms, drafted)
            .await
            .map(drop),
        launch::launch(&house.app, scene.comms, submitted).await,
    ] {
        assert!(matches!(refused, Err(CampaignError::Late)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_submitted_or_launched_in_a_state_without_notices() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let ready = scene.approved(&house).await;
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    for state in ["suspected", "dismissed", "closed"] {
        house
            .sql(&format!("update incident set state = '{state}'"))
            .await;
        let expected: IncidentState = state.parse().unwrap();
        for refused in [
            launch::submit(&house.app, scene.comms, draft)
                .await
                .map(drop),
            launch::launch(&house.app, scene.comms, ready).await,
        ] {
            assert!(
                matches!(refused, Err(CampaignError::State(is)) if is == expected),
                "{refused:?}"
            );
        }
    }
    house.sql("update incident set state = 'notifying'").await;

    nothing_goes_late(&house, &scene).await;

    house
        .sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    let refused = launch::launch(&house.app, scene.comms, ready).await;
    assert!(
        matches!(refused, Err(CampaignError::Forgotten)),
        "{refused:?}"
    );
}
