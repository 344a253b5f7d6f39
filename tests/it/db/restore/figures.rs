//! A decision about a copy changes the figures at once, and its report says the result for each notice.

use candor::account::{account, recount};
use candor::actor::{Actor, System};
use candor::campaign::{CampaignKind, hold};
use candor::delivery::freeze;
use candor::deployment::Why;
use candor::deployment::watch::suspect;
use candor::id::CampaignId;
use candor::mail::Reply;
use candor::recovery::departed::Choice;
use candor::recovery::restored::decide;
use candor::scope::ScopeMode;
use candor::worker::decided;

use super::frozen::log_of;
use super::{Copy, dump, look};
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;

const WHO: Actor = Actor::System(System::Cli);

async fn notices(house: &House, status: &str) -> i64 {
    let of = format!("select count(*) from notice where status = '{status}'");
    let counted =
        format!("select coalesce(sum(n), 0)::bigint from campaign_count where status = '{status}'");
    let n = house.number(&of).await;
    assert_eq!(house.number(&counted).await, n, "the counter of {status}");
    n
}

/// A frozen campaign to thirty people; no notice was tried.
async fn frozen(house: &House) -> (Scene, CampaignId) {
    let scene = Scene::new(house).await;
    scene.import(house, &list(30, "name;ssn")).await;
    let campaign = scene.launched(house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    assert_eq!(notices(house, "queued").await, 30);
    (scene, campaign)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_is_in_the_figures_though_the_campaign_is_paused_and_everything_stopped() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(60, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let early = dump(&house);
    house.mail.answer_by(|letter| {
        let person = letter.recipient.as_str().trim_start_matches("person");
        let number: usize = person.split('@').next()?.parse().ok()?;
        (number >= 20).then(|| Reply::heard(451, "4.2.1 busy", None))
    });
    house.send_all().await;
    let held = Copy::load(&house, &early, "").await;
    let copy = held.house();
    assert!(look(copy).await.is_some());
    hold::pause(&copy.app, WHO, campaign, None).await.unwrap();
    hold::stop_everything(&copy.app, WHO).await.unwrap();
    let log = Choice::Logged(log_of(&house));
    let done = decide(&copy.app, WHO, &log, None).await.unwrap();
    assert_eq!((done.sent, done.unsent, done.unsent_paused), (20, 40, 40));
    decided::settle(&copy.app).await.unwrap();
    assert_eq!(
        (notices(copy, "sent").await, notices(copy, "queued").await),
        (20, 40)
    );
    let mut conn = copy.app.db.get().await.unwrap();
    let told = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        (told.notified, told.in_progress, told.unexplained),
        (20, 40, 0)
    );
    drop(conn);
    let differ = recount::books(&copy.app, scene.incident).await.unwrap();
    assert_eq!(differ, []);
    assert_eq!(copy.mail.sent().len(), 0, "nothing is sent by it");
    // The rest is sent as usual.
    hold::start_again(&copy.app, WHO).await.unwrap();
    hold::resume(&copy.app, scene.comms, campaign)
        .await
        .unwrap();
    copy.send_all().await;
    assert_eq!(
        (notices(copy, "sent").await, copy.mail.sent().len()),
        (60, 40)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_waits_in_a_paused_campaign_and_shows_it_at_once() {
    for (what, status) in [("again", "deferred"), ("leave", "uncertain")] {
        let house = House::new().await;
        let (_, campaign) = frozen(&house).await;
        hold::pause(&house.app, WHO, campaign, None).await.unwrap();
        suspect(&house.app, WHO, &[Why::Declared]).await.unwrap();
        let words = ["db", "restored", "--nobody-knows", "--uncertain", what];
        let said = Program::of(&house).ok(&words);
        assert!(
            said.contains("30 notices may have been sent: uncertain"),
            "{said}"
        );
        let waits = said.contains("30 of these wait in paused campaigns");
        assert_eq!(waits, what == "again", "{said}");
        assert!(!said.contains("of these are sent again\n"), "{said}");
        assert_eq!(notices(&house, status).await, 30);
        assert!(said.contains("1 campaign under way"), "{said}");
        let shown = Program::of(&house).ok(&["campaign", "show", &campaign.to_string()]);
        let waits = "30 of these may have arrived, and wait for their next try";
        assert_eq!(shown.contains(waits), what == "again", "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_campaign_paused_for_good_had_queued_cannot_have_been_sent() {
    for is_void in [true, false] {
        let house = House::new().await;
        let (scene, campaign) = frozen(&house).await;
        // As if a part of the audience were not frozen yet.
        house
            .sql("update campaign_freeze set done = false where bucket = 63")
            .await;
        hold::pause(&house.app, WHO, campaign, None).await.unwrap();
        if is_void {
            let one = "reference,email,elements\nX-1,x@example.org,name\n";
            scene.take(&house, ScopeMode::Delta, one).await;
        }
        suspect(&house.app, WHO, &[Why::Declared]).await.unwrap();
        let done = decide(&house.app, WHO, &Choice::Unknown, Some(true))
            .await
            .unwrap();
        decided::settle(&house.app).await.unwrap();
        let seen = (
            done.uncertain,
            done.again,
            done.again_paused,
            done.unsent_void,
        );
        let (expected, status) = match is_void {
            true => ((0, 0, 0, 30), "queued"),
            false => ((30, 0, 30, 0), "deferred"),
        };
        assert_eq!(seen, expected);
        assert_eq!(notices(&house, status).await, 30);
    }
}
