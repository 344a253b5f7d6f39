//! Faults that readers found in letters, audiences and closing; each test begins with the letter and number of its row.

mod pages;
mod returned;

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy};
use candor::element::{Element, ElementSet};
use candor::incident::IncidentState::{self, Closed, Monitoring, Notifying, Scoping};
use candor::incident::open::Untold;
use candor::incident::steer::{self, SteerError, Step};
use candor::incident::store as incidents;
use candor::mail::Reply;
use candor::person::ToldBy;
use candor::person::forget::{ForgetError, forget};
use candor::postal::{How, PostalError, PostalKind, Telling, told};
use candor::scope::ScopeMode;
use candor::scope::import::ImportError;
use candor::staff::StaffRole;
use candor::template::{Variant, Variants, edit};
use chrono::TimeDelta;
use serde_json::json;

use super::{Post, day, people};
use crate::client::Site;

impl Post {
    async fn go(&self, to: IncidentState, agreed: Option<Untold>) -> Result<(), SteerError> {
        let (app, of) = (&self.house.app, self.scene.incident);
        let mut conn = app.db.get().await.unwrap();
        let version = incidents::find(&mut conn, of).await.unwrap().version;
        drop(conn);
        let step = Step {
            version,
            to,
            agreed,
        };
        steer::step(app, self.scene.comms, of, step).await
    }

    async fn send(&self, kind: CampaignKind) -> Vec<String> {
        self.scene.launched(&self.house, kind).await;
        self.house.send_all().await;
        let sent = self.house.mail.take_sent();
        let mut to: Vec<_> = sent
            .iter()
            .map(|one| one.recipient.local().to_owned())
            .collect();
        to.sort();
        to
    }

    async fn phone(&self, reference: &str, on: &str) -> Result<(), PostalError> {
        let telling = Telling::new(How::Phone, "the person").unwrap();
        let (app, by, of) = (&self.house.app, self.scene.comms, self.scene.incident);
        let told = told::told(app, by, of, reference, day(on), &telling).await;
        told.map(|_| ())
    }

    async fn full(&self, rows: &str) {
        self.scene.import(&self.house, &people(rows)).await;
    }

    async fn knows(&self, reference: &str) -> (Option<ToldBy>, ElementSet) {
        let person = self.person(reference).await;
        (person.told, person.named)
    }
}

fn set(of: &[Element]) -> ElementSet {
    ElementSet::of(of)
}

const THREE: &str = "a,a@example.org,A,1,1 St,en,US-WA,,name\n\
    b,b@example.org,B,2,2 St,en,US-WA,,name;ssn\nc,c@example.org,C,3,3 St,en,US-WA,,name;ssn\n";

#[tokio::test(flavor = "multi_thread")]
async fn e1_e2_an_incident_with_due_supplements_and_corrections_is_not_over() {
    let post = Post::with(THREE).await;
    assert_eq!(post.send(CampaignKind::Initial).await, ["a", "b", "c"]);
    // a has still to be told of ssn, b was told of ssn wrongly, c is not affected after all.
    post.full(
        "a,a@example.org,A,1,1 St,en,US-WA,,name;ssn\nb,b@example.org,B,2,2 St,en,US-WA,,name\n",
    )
    .await;
    let account = post.account().await;
    let figures = (
        account.unnotified_elements,
        account.told_too_much,
        account.correction_letters,
    );
    assert_eq!(figures, (1, 2, 0));

    for to in [Scoping, Notifying] {
        post.go(to, None).await.unwrap();
    }
    let refused = post.go(Monitoring, None).await;
    let Err(SteerError::NotTold(untold)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((untold.told_too_little, untold.told_too_much), (1, 2));
    post.go(Monitoring, Some(untold)).await.unwrap();
    let refused = post.go(Closed, None).await.unwrap_err().to_string();
    for words in [
        "1 person was told less than was exposed",
        "2 people were told of something that is not theirs",
    ] {
        assert!(refused.contains(words), "{refused}");
    }

    // The console says what to do.
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    for (at, words) in [
        (
            "/console",
            "2 people were told of something that is not theirs.",
        ),
        ("/console", "Draft a correction"),
        ("/console/incidents/sundmere", "Told too much"),
        ("/console/incidents/sundmere/account", "owed a correction"),
    ] {
        let seen = staff.get(at).body;
        assert!(seen.contains(words), "{at}: {seen}");
    }

    post.send(CampaignKind::Supplement).await;
    post.send(CampaignKind::Correction).await;
    let account = post.account().await;
    assert_eq!((account.unnotified_elements, account.told_too_much), (0, 0));
    post.go(Closed, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_people_of_a_closed_incident_are_not_forgotten_untold() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    for to in [Scoping, Notifying, Monitoring, Closed] {
        post.go(to, None).await.unwrap();
    }
    // The output of a list says so at once.
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let rows = people("z,z@example.org,Z,1,1 St,en,US-WA,,name\n").into_bytes();
    let source = candor::scope::import::Source::File(std::io::Cursor::new(rows));
    let late = candor::scope::import::import(app, by, of, ScopeMode::Delta, source, |_| {}).await;
    assert!(matches!(late, Err(ImportError::Over(Closed))), "{late:?}");
    // A returned letter is recorded, and its person is not forgotten.
    let back = post.returned("reference,reason\na,moved away\n").await;
    assert_eq!(back.returned, 1);
    let admin = post.house.staff(&["admin"]).await;
    let refused = forget(app, admin, of, "sundmere").await;
    let Err(ForgetError::StillOpen { reasons, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(reasons, ["1 person needs a letter"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_people_without_email_are_corrected_by_letter_or_otherwise() {
    let rows = |elements: &str| {
        ["a", "b", "c"].iter().fold(String::new(), |all, who| {
            all + &format!("{who},,{who},1,1 St,en,US-WA,,{elements}\n")
        })
    };
    let post = Post::with(&rows("name;ssn")).await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, "2026-11-23").await.unwrap();
    // Their ssn was not taken; c is not affected at all.
    post.full("a,,a,1,1 St,en,US-WA,,name\nb,,b,1,1 St,en,US-WA,,name\n")
        .await;
    let account = post.account().await;
    assert_eq!((account.told_too_much, account.correction_letters), (3, 3));
    let nobody = post.take(PostalKind::Letter, false).await;
    assert!(matches!(nobody, Err(PostalError::Nobody)), "{nobody:?}");
    // One person is told by telephone.
    post.phone("b", "2026-11-23").await.unwrap();
    assert_eq!(
        post.knows("b").await,
        (Some(ToldBy::Otherwise), set(&[Element::Name]))
    );
    let again = post.phone("b", "2026-11-23").await;
    assert!(matches!(again, Err(PostalError::NothingOwed)), "{again:?}");

    post.house.app.clock.advance(TimeDelta::hours(1));
    let (batch, rows) = post.take(PostalKind::Correction, false).await.unwrap();
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        ["a", "c"]
    );
    assert!(
        rows["a"]["told_wrongly"].contains("Social Security"),
        "{:?}",
        rows["a"]
    );
    assert_eq!(rows["c"]["elements"], "");
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(
        post.knows("a").await,
        (Some(ToldBy::Post), set(&[Element::Name]))
    );
    assert_eq!(
        post.knows("c").await,
        (Some(ToldBy::Post), ElementSet::EMPTY)
    );
    assert_eq!(post.account().await.told_too_much, 0);
    // The correction comes back: the wrong statement stands again, until it is corrected.
    let back = post.returned("reference,reason\na,moved away\n").await;
    assert_eq!(back.returned, 1);
    assert_eq!(post.knows("a").await.1, set(&[Element::Name, Element::Ssn]));
    assert_eq!(post.account().await.correction_letters, 1);
    let (_, rows) = post.take(PostalKind::Correction, false).await.unwrap();
    assert!(rows["a"]["last_returned"].ends_with("moved away"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_correction_that_bounced_is_sent_by_post() {
    let post = Post::with("a,a@example.org,A,1,1 St,en,US-WA,,name;ssn\n").await;
    post.send(CampaignKind::Initial).await;
    post.delta("a,a@example.org,A,1,1 St,en,US-WA,,name\n")
        .await;
    post.house
        .mail
        .answer_by(|_| Some(Reply::heard(550, "5.1.1 no such user", None)));
    post.send(CampaignKind::Correction).await;
    let (_, rows) = post.take(PostalKind::Correction, false).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_people_who_may_have_been_told_are_offered_once_the_campaign_is_over() {
    let post = Post::with(
        "a,a@example.org,A,1,1 St,en,US-WA,,name\nb,b@example.org,B,2,2 St,en,US-WA,,name\n",
    )
    .await;
    let (house, scene) = (&post.house, &post.scene);
    house.mail.answer_by(|letter| {
        let lost = letter.recipient.local() == "b";
        lost.then(|| Reply::Unknown { why: "lost".into() })
    });
    let first = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Leave)
        .await;
    scene.launch(house, first).await;
    house.send_all().await;
    house.mail.answer_by(|_| None);
    house.mail.take_sent();
    let uncertain = "select count(*) from notice where status = 'uncertain'";
    assert_eq!(house.number(uncertain).await, 1);
    let over = "select count(*) from campaign where status = 'completed'";
    assert_eq!(house.number(over).await, 1);

    // The next campaign leaves them out, and says so.
    let second = scene
        .draft(house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let refused = launch::submit(&house.app, scene.comms, second).await;
    let Err(CampaignError::Nobody(count)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (
            count.may_have_been_told,
            count.waiting_elsewhere,
            count.mailable
        ),
        (1, 0, 0)
    );
    // A campaign for them includes them.
    let maybe = json!({ "may_have_been_told": true });
    scene.launched_to(house, CampaignKind::Initial, maybe).await;
    house.send_all().await;
    let sent = house.mail.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipient.local(), "b");
    assert_eq!(post.figures().await, [2, 0, 0, 0, 0, 0]);

    // A supplement reaches them like the others.
    post.delta("b,b@example.org,B,2,2 St,en,US-WA,,name;ssn\n")
        .await;
    assert_eq!(post.send(CampaignKind::Supplement).await, ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b9_what_the_next_of_kin_were_told_is_not_told_to_a_person_who_lives() {
    let post = Post::with("a,a@example.org,A,1,1 St,en,US-WA,deceased,name\nb,b@example.org,B,2,2 St,en,US-WA,deceased,name\n").await;
    let (batch, _) = post.take(PostalKind::Kin, false).await.unwrap();
    let telling = Telling::new(How::Phone, "the widow").unwrap();
    let (app, by) = (&post.house.app, post.scene.comms);
    let done = candor::postal::post::Done::told(day("2026-11-23"), telling);
    candor::postal::post::record(app, by, batch.id, &done)
        .await
        .unwrap();
    assert_eq!(post.figures().await, [2, 0, 2, 0, 0, 0]);
    post.delta("a,a@example.org,A,1,1 St,en,US-WA,,name\n")
        .await;
    assert_eq!(post.figures().await, [1, 0, 1, 1, 0, 0]);
    assert_eq!(post.knows("a").await, (None, ElementSet::EMPTY));
    assert_eq!(post.batch(batch.id).await.not_posted, 1);
    assert_eq!(post.send(CampaignKind::Initial).await, ["a"]);
    assert_eq!(post.stands("a").await, "notified");
}
