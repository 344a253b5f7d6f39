//! What a second person decides (promise P5): approve with their password, or reject with a comment. And the page on which
//! they read what they decide about.

mod mails;

use candor::actor::{Actor, System};
use candor::audit::noticed;
use candor::campaign::error::CampaignError;
use candor::campaign::launch::{self, Seen};
use candor::campaign::{CampaignKind, CampaignStatus, UncertainPolicy, reject, store};
use candor::id::{CampaignId, StaffId};
use candor::incident::Facts;
use candor::staff::StaffRole::{Approver, Comms};
use candor::staff::manage;
use serde_json::json;

use crate::client::{Browser, PASSWORD, Site};
use crate::house::House;
use crate::people::{Scene, list, submitted};

const WHY: &str = "Name the day of the theft.\nAnd give Ana's number.";

/// A house with a list of three people, and two browsers: of an author who may also approve, and of an approver.
struct Desk {
    house: House,
    scene: Scene,
    site: Site,
    author: Browser,
    approver: Browser,
}

impl Desk {
    async fn open(settings: &str) -> Self {
        let (house, mut scene, site) = Scene::open(settings).await;
        scene.import(&house, &list(3, "name")).await;
        let author = site.signed_in("ana", &[Comms, Approver]).await;
        let approver = site.signed_in("ines", &[Approver]).await;
        scene.comms = account(&house, "ana").await;
        scene.approver = account(&house, "ines").await;
        Self {
            house,
            scene,
            site,
            author,
            approver,
        }
    }

    /// A submitted campaign of the author, and its page.
    async fn submitted(&self) -> (CampaignId, String) {
        let kind = CampaignKind::Initial;
        let id = self
            .scene
            .draft(&self.house, kind, UncertainPolicy::Resend)
            .await;
        submitted(&self.house.app, self.scene.comms, id)
            .await
            .unwrap();
        (id, format!("/console/campaigns/{id}"))
    }

    async fn status(&self, id: CampaignId) -> CampaignStatus {
        let mut conn = self.house.app.db.get().await.unwrap();
        store::find(&mut conn, id).await.unwrap().status
    }
}

async fn account(house: &House, name: &str) -> StaffId {
    let raw = house.raw().await;
    let row = raw
        .query_one("select id from staff where name = $1", &[&name])
        .await;
    StaffId::from_uuid(row.unwrap().get(0))
}

/// What stands in the field of the comment when an approver approves.
const TYPED: &str = "The second sentence is";

fn approve(browser: &Browser, page: &str, password: &str) -> crate::client::Seen {
    let typed = [("password", password), ("comment", TYPED)];
    browser.submit(
        &format!("{page}/approval"),
        &format!("{page}/approve"),
        &typed,
    )
}

fn say_no(browser: &Browser, page: &str, comment: &str) -> crate::client::Seen {
    let typed = [("comment", comment)];
    browser.submit(
        &format!("{page}/approval"),
        &format!("{page}/reject"),
        &typed,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_an_approval_needs_the_password_of_a_second_person() {
    let desk = Desk::open("").await;
    let (id, page) = desk.submitted().await;
    for wrong in ["", "correct horse battery stable"] {
        let refused = approve(&desk.approver, &page, wrong);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(
            refused.body.contains("This is not your password."),
            "{}",
            refused.body
        );
        assert!(!refused.body.contains("battery stable"));
        assert!(refused.body.contains(TYPED), "{}", refused.body);
    }
    assert_eq!(desk.status(id).await, CampaignStatus::InReview);
    // The author's page has no such form: the request is sent all the same.
    let own = desk.author.get(&format!("{page}/approval"));
    assert!(
        own.body
            .contains("A second person must approve what you wrote or submitted.")
    );
    let hash = desk.author.hidden(&page, &format!("{page}/take-back"));
    let hash = &hash
        .iter()
        .find(|(name, _)| name == "content_hash")
        .unwrap()
        .1;
    let forged = [
        ("csrf", own.csrf()),
        ("version", "2"),
        ("content_hash", hash),
        ("password", PASSWORD),
    ];
    let refused = desk.author.post(&format!("{page}/approve"), &forged, &[]);
    assert_eq!(refused.status, 403, "{}", refused.body);

    let form = desk
        .approver
        .hidden(&format!("{page}/approval"), &format!("{page}/approve"));
    let done = approve(&desk.approver, &page, PASSWORD);
    let shown = desk.approver.follow(&done).body;
    assert!(
        shown.contains("Approved. It can be launched now."),
        "{shown}"
    );
    // The same form once more.
    let mut again: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    again.push(("password", PASSWORD));
    let replayed = desk.approver.post(&format!("{page}/approve"), &again, &[]);
    assert_eq!(replayed.status, 409, "{}", replayed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_wrong_passwords_are_counted_as_at_the_sign_in() {
    let desk = Desk::open("").await;
    let (id, page) = desk.submitted().await;
    for _ in 0..10 {
        assert_eq!(approve(&desk.approver, &page, "wrong").status, 422);
    }
    let limited = approve(&desk.approver, &page, PASSWORD);
    assert_eq!(limited.status, 429, "{}", limited.body);
    assert!(!limited.header("retry-after").is_empty());
    assert_eq!(desk.status(id).await, CampaignStatus::InReview);
    noticed::write(&desk.house.app).await.unwrap();
    let noted = "select count(*) from audit_event where action = 'staff.password_refused'";
    assert!(desk.house.number(noted).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_disabled_account_neither_approves_nor_rejects() {
    let desk = Desk::open("").await;
    let (id, page) = desk.submitted().await;
    let app = &desk.house.app;
    let mut conn = app.db.get().await.unwrap();
    let content = store::find(&mut conn, id).await.unwrap().content.unwrap();
    drop(conn);
    let hash = candor::seal::to_hex(&candor::campaign::content::hash(&content));
    // The request was authenticated before the account is disabled.
    let (by, now) = (Actor::System(System::Cli), app.now());
    let mut conn = app.db.get().await.unwrap();
    manage::disable(&mut conn, by, desk.scene.approver, now)
        .await
        .unwrap();
    drop(conn);
    let approved = launch::approve(app, desk.scene.approver, id, &hash).await;
    assert!(
        matches!(approved, Err(CampaignError::NoApprover)),
        "{approved:?}"
    );
    let rejected = reject::reject(app, desk.scene.approver, id, WHY).await;
    assert!(
        matches!(rejected, Err(CampaignError::NoApprover)),
        "{rejected:?}"
    );
    assert_eq!(desk.approver.get(&page).status, 303, "signed out");
    // An account that never had the role.
    let other = desk.house.staff(&["comms"]).await;
    let approved = launch::approve(app, other, id, &hash).await;
    assert!(matches!(approved, Err(CampaignError::NoApprover)));
    assert_eq!(desk.status(id).await, CampaignStatus::InReview);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_campaign_is_a_draft_that_shows_the_comment_until_it_is_submitted_again() {
    let desk = Desk::open("").await;
    let (id, page) = desk.submitted().await;
    let short = say_no(&desk.approver, &page, "  no  ");
    assert_eq!(short.status, 422, "{}", short.body);
    assert!(
        short.body.contains("Say in 10 to 2000 characters"),
        "{}",
        short.body
    );
    assert!(
        short.body.contains("no  </textarea>"),
        "what was typed is kept"
    );
    let own = reject::reject(&desk.house.app, desk.scene.comms, id, WHY).await;
    assert!(matches!(own, Err(CampaignError::SamePerson)), "{own:?}");

    let done = say_no(&desk.approver, &page, WHY);
    let shown = desk.approver.follow(&done).body;
    assert!(
        shown.contains("Rejected. The campaign is a draft again"),
        "{shown}"
    );
    let draft = desk.author.get(&page).body;
    for words in [
        "what the approver asks for",
        "Name the day of the theft.",
        "<strong>ines</strong> rejected it",
        "Submit for approval",
    ] {
        assert!(draft.contains(words), "{words}: {draft}");
    }
    let needs = desk.author.get("/console").body;
    assert!(needs.contains("was rejected. Read the comment"), "{needs}");
    assert!(!desk.approver.get("/console").body.contains("was rejected"));
    let program = desk.site.program(&[Comms]).await;
    let seen = program.get(&format!("/campaigns/{id}")).json();
    assert_eq!(
        (&seen["status"], &seen["rejection"]),
        (&json!("draft"), &json!(WHY))
    );
    // What staff typed may name people: it is sealed in the campaign and in the audit log.
    let plain = "select count(*) from (select c::text as t from campaign c union all select e::text from audit_event e) x \
                 where t like '%day of the theft%'";
    assert_eq!(desk.house.number(plain).await, 0);

    submitted(&desk.house.app, desk.scene.comms, id)
        .await
        .unwrap();
    let again = desk.author.get(&page).body;
    assert!(!again.contains("what the approver asks for"), "{again}");
    assert!(
        again.contains("rejected it: Name the day"),
        "it stays in the history: {again}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_waits_for_an_approval_is_rejected() {
    let desk = Desk::open("").await;
    let approved = desk.scene.approved(&desk.house).await;
    let by = desk.scene.approver;
    let refused = reject::reject(&desk.house.app, by, approved, WHY).await;
    assert!(
        matches!(
            refused,
            Err(CampaignError::NotInReview(CampaignStatus::Approved))
        ),
        "{refused:?}"
    );
    let (id, _) = desk.submitted().await;
    let program = desk.site.program(&[Approver]).await;
    let at = format!("/campaigns/{id}/reject");
    let stale = program.post(&at, &json!({ "comment": WHY, "version": 1 }));
    assert_eq!(stale.status, 409, "{}", stale.body);
    let silent = program.post(&at, &json!({}));
    assert_eq!(silent.status, 422, "{}", silent.body);
    let done = program.post(&at, &json!({ "comment": WHY, "version": 2 }));
    assert_eq!((done.status, &done.json()["rejection"]), (200, &json!(WHY)));
    let seen = Seen::at(id, Some(2));
    let late = reject::reject(&desk.house.app, by, seen, WHY).await;
    assert!(matches!(late, Err(CampaignError::Changed(_))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_an_approval_and_a_rejection_at_once_one_is_done() {
    let desk = Desk::open("").await;
    let second = desk.house.staff(&["approver"]).await;
    let app = &desk.house.app;
    for _ in 0..10 {
        let (id, _) = desk.submitted().await;
        let mut conn = app.db.get().await.unwrap();
        let content = store::find(&mut conn, id).await.unwrap().content.unwrap();
        drop(conn);
        let hash = candor::seal::to_hex(&candor::campaign::content::hash(&content));
        let seen = Seen::at(id, Some(2));
        let (approved, rejected) = tokio::join!(
            launch::approve(app, desk.scene.approver, seen, &hash),
            reject::reject(app, second, seen, WHY),
        );
        assert!(
            approved.is_ok() != rejected.is_ok(),
            "{approved:?} {rejected:?}"
        );
        let expected = match approved.is_ok() {
            true => CampaignStatus::Approved,
            false => CampaignStatus::Draft,
        };
        assert_eq!(desk.status(id).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_approver_reads_the_message_what_differs_and_who_gets_it() {
    let desk = Desk::open("").await;
    let (id, page) = desk.submitted().await;
    let at = format!("{page}/approval");
    let shown = desk.approver.get(&at).body;
    for words in [
        "there is nothing to compare it with",
        "people who were told nothing so far",
        "You approve exactly this content for 3 people.",
        "No ticket waits on the helpline now.",
        "Dear Alex Example,",
        &format!("src=\"/console/campaigns/{id}/letter?locale=en\""),
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let letter = desk.approver.get(&format!("{page}/letter?locale=en"));
    assert_eq!(letter.status, 200);
    let policy = letter.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox; default-src 'none'"),
        "{policy}"
    );
    assert!(letter.body.contains("Alex Example"), "{}", letter.body);
    let none = desk.approver.get(&format!("{page}/letter?locale=xx"));
    assert_eq!(none.status, 404);

    // It is approved. Then a fact changes: its page and that of the approval name the words.
    assert_eq!(approve(&desk.approver, &page, PASSWORD).status, 303);
    let facts = Facts::from([("contact_phone".to_owned(), "555-0199 at night".to_owned())]);
    desk.scene
        .edit_facts(&desk.house, "Theft of data", &facts)
        .await;
    for path in [&page, &at] {
        let void = desk.author.get(path).body;
        for words in [
            "What changed since it was submitted",
            "[removed] </span>0142",
            "[added] </span>0199 at night",
        ] {
            assert!(void.contains(words), "{path}: {words}: {void}");
        }
    }
    let needs = desk.approver.get("/console").body;
    assert!(
        needs.contains("has changed since you approved it"),
        "{needs}"
    );

    // Submitted again, it is compared with what was approved.
    launch::take_back(&desk.house.app, desk.scene.comms, id)
        .await
        .unwrap();
    submitted(&desk.house.app, desk.scene.comms, id)
        .await
        .unwrap();
    let shown = desk.approver.get(&at).body;
    for words in [
        "Compared with what was approved of this campaign",
        "the fact “contact_phone”",
        "0199 at night",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
