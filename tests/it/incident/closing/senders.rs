//! Forgetting an incident while real senders are at work.

use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::CampaignId;

use super::{IncidentState, go_through, no_campaign_is_drafted};
use crate::house::House;
use crate::mail::sink::{Sink, received};
use crate::mail::{Scratch, did_not_run};
use crate::operations::processes::until_completed;
use crate::people::{BODY, Scene, list};
use crate::program::Program;

const PEOPLE: usize = 120;

/// A campaign that sends twenty messages a second at most.
async fn slow(house: &House, scene: &Scene) -> CampaignId {
    let template = scene.template(house, "slow", BODY).await;
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits {
            rate_per_second: 20,
            canary: Some(0),
            finish_by: None,
            ..Limits::default()
        },
        on_uncertain: UncertainPolicy::Resend,
    };
    let id = launch::create(&house.app, scene.comms, &new).await.unwrap();
    scene.launch(house, id).await;
    id
}

struct Two {
    house: House,
    scene: Scene,
    program: Program,
    sender: crate::program::Running,
    dumps: Scratch,
    _sink: Sink,
}

/// A house, and a sender process at work on a campaign; `None` without an SMTP server to send to.
async fn two() -> Option<Two> {
    let dumps = Scratch::new();
    let sink = Sink::start(Some(dumps.path()))?;
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    use IncidentState::*;
    go_through(&house, &scene, &[Confirmed, Scoping, Notifying]).await;
    scene.import(&house, &list(PEOPLE, "name")).await;
    house.staff(&["admin"]).await;
    let url = format!("smtp://127.0.0.1:{}?helo=sender.example", sink.port);
    let program = Program::of(&house).with_relay("relay", &url, 4);
    let sender = program.start("work");
    house
        .until("the sender", "select count(*) from sender")
        .await;
    slow(&house, &scene).await;
    house
        .until(
            "the sender",
            "select count(*) from outcome where result = 'accepted'",
        )
        .await;
    Some(Two {
        house,
        scene,
        program,
        sender,
        dumps,
        _sink: sink,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_an_incident_is_not_forgotten_while_a_sender_works_and_nothing_leaves_once_it_is() {
    let Some(two) = two().await else {
        return did_not_run(
            "d3_an_incident_is_not_forgotten_while_a_sender_works",
            "smtp-sink",
        );
    };
    let (house, words) = (
        &two.house,
        ["forget", "--incident", "sundmere", "--repeat", "sundmere"],
    );
    house.sql("update incident set state = 'closed'").await;
    let refused = two.program.run(&words);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(why.contains("1 campaign is under way"), "{why}");
    until_completed(house).await;
    house
        .until(
            "the sender",
            "select (not exists (select from batch where status <> 'done'))::int",
        )
        .await;
    assert!(two.program.ok(&words).contains("forgotten"));
    let sent = received(two.dumps.path(), "X-Rcpt-Args:");
    assert_eq!(sent.values().sum::<usize>(), PEOPLE);
    // The sender polls repeatedly while the next campaign is refused, then stops.
    no_campaign_is_drafted(house, &two.scene).await;
    assert_eq!(two.sender.terminate().await.code(), Some(0));
    assert_eq!(received(two.dumps.path(), "X-Rcpt-Args:"), sent);
    two.program.ok(&["check", "--recount"]);
}

/// A node of an older version, or a person with SQL access, writes this.
#[tokio::test(flavor = "multi_thread")]
async fn d3_a_sender_stops_within_two_seconds_after_its_incident_is_forgotten_and_ends_its_campaign()
 {
    let Some(two) = two().await else {
        return did_not_run(
            "d3_a_sender_whose_incident_is_forgotten_under_it_stops",
            "smtp-sink",
        );
    };
    let house = &two.house;
    house
        .sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    until_completed(house).await;
    assert_eq!(two.sender.terminate().await.code(), Some(0));
    let late = "select count(*) from outcome, incident where outcome.at > forgotten_at + interval '2 seconds' \
        and result = 'accepted'";
    assert_eq!(house.number(late).await, 0);
    let sent = house
        .number("select count(*) from notice where status = 'sent'")
        .await;
    let never = house
        .number("select count(*) from notice where status = 'cancelled'")
        .await;
    assert!(never > 0 && sent > 0, "{sent} sent, {never} never");
    assert_eq!(sent + never, PEOPLE as i64);
    let received = received(two.dumps.path(), "X-Rcpt-Args:");
    assert_eq!(received.values().sum::<usize>() as i64, sent);
    two.program.ok(&["check", "--recount"]);
}
