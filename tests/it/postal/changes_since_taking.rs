//! Changes after a list was taken: to its people, or to the state of a letter.

use candor::incident::IncidentState::{self, Closed, Dismissed, Suspected};
use candor::incident::steer::{self, SteerError};
use candor::incident::store as incidents;
use candor::postal::consent::{Confirmed, Reason};
use candor::postal::{How, MinorsRule, PostalError, PostalKind, Telling, code, minors, post, told};
use candor::staff::StaffRole;
use chrono::TimeDelta;

use super::{Post, day, people, without_mail};
use crate::client::Site;

const TODAY: &str = "2026-11-23";

fn asked<T: std::fmt::Debug>(recorded: Result<T, PostalError>) -> Vec<(Reason, i64)> {
    match recorded {
        Err(PostalError::Unconfirmed { questions }) => {
            questions.iter().map(|one| (one.what, one.number)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn row(reference: &str, flags: &str, elements: &str) -> String {
    format!("{reference},,{reference},1,1 St,en,US-WA,{flags},{elements}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_says_not_affected_is_asked_about_when_its_person_is_affected_again() {
    let all = ["ann", "bob", "dee"].map(|who| row(who, "", "name;ssn"));
    let post = Post::with(&all.concat()).await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, TODAY).await.unwrap();
    // Ann and Dee are not affected after all, and Bob's number was not taken.
    let list = people(&row("bob", "", "name"));
    post.scene.import(&post.house, &list).await;
    post.house.app.clock.advance(TimeDelta::hours(1));
    let (batch, rows) = post.take(PostalKind::Correction, false).await.unwrap();
    assert_eq!(rows.len(), 3);
    // Another list: Ann is still not affected, as her letter says.
    let changed = [
        row("bob", "retract", "name"),
        row("dee", "", "name"),
        row("eve", "", "name"),
    ];
    post.delta(&changed.concat()).await;
    let questions = [(Reason::AffectedAgain, 1), (Reason::Retracted, 1)];
    assert_eq!(asked(post.posted(batch.id, TODAY).await), questions);
    let yes = Confirmed(questions.into());
    post.posted_with(batch.id, TODAY, yes).await.unwrap();
    // Dee was told that nothing is affected; Eve was told nothing.
    assert_eq!(post.account().await.needs_letter, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_a_person_who_became_a_minor_is_asked_about_under_either_rule() {
    for rule in [MinorsRule::GuardianText, MinorsRule::GuardianLetter] {
        let post =
            Post::with(&[row("kim", "", "name"), row("kid", "minor", "name")].concat()).await;
        let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
        let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
        assert_eq!(rows["kim"]["addressee"], "kim");
        // This letter is addressed to the guardian, whatever is chosen later.
        assert_eq!(rows["kid"]["addressee"], "To the parent or guardian of kid");
        minors::choose(app, by, of, rule).await.unwrap();
        post.delta(&row("kim", "minor", "name")).await;
        assert_eq!(
            asked(post.posted(batch.id, TODAY).await),
            [(Reason::Minor, 1)],
            "{rule}"
        );
        let yes = Confirmed([(Reason::Minor, 1)].into());
        post.posted_with(batch.id, TODAY, yes).await.unwrap();
        // The question advises this.
        let kept = post.returned("reference,reason\nkim,not posted\n").await;
        assert_eq!(kept.not_posted, 1);
        post.house.app.clock.advance(TimeDelta::hours(1));
        let kind = match rule {
            MinorsRule::GuardianText => PostalKind::Letter,
            MinorsRule::GuardianLetter => PostalKind::Guardian,
        };
        let (batch, rows) = post.take(kind, false).await.unwrap();
        assert_eq!(rows["kim"]["addressee"], "To the parent or guardian of kim");
        post.posted(batch.id, TODAY).await.unwrap();
        assert_eq!(post.figures().await, [2, 2, 0, 0, 0, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_was_not_posted_leaves_the_code_of_the_letter_before_it() {
    let post = Post::with(&row("bo", "", "name")).await;
    let (first, one) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, TODAY).await.unwrap();
    post.delta(&row("bo", "", "name;ssn")).await;
    post.house.app.clock.advance(TimeDelta::hours(1));
    let (second, two) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(second.id, TODAY).await.unwrap();
    let bo = post.person("bo").await;
    let opens = async |rows: &super::Rows| {
        let code = &rows["bo"]["letter_code"];
        code::check(&post.house.app, bo.id, code).await.unwrap()
    };
    assert!(!opens(&one).await && opens(&two).await);
    let never = format!(
        "letter_code,reason\n{},not posted\n",
        two["bo"]["letter_code"]
    );
    assert_eq!(post.returned(&never).await.not_posted, 1);
    assert!(opens(&one).await, "it is the letter that Bo holds");
    assert!(!opens(&two).await);
    let mut conn = post.house.app.db.get().await.unwrap();
    assert!(
        code::is_out(&mut conn, &bo).await.unwrap(),
        "the page asks for it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_on_a_waiting_list_of_another_kind_belong_on_this_one() {
    let sam = row("sam", "", "name");
    let post = Post::with(&[sam.as_str(), "bea,,Bea,2,,en,US-WA,,name\n"].concat()).await;
    post.take(PostalKind::Letter, false).await.unwrap();
    let lacking = post.take(PostalKind::Letter, false).await.unwrap_err();
    assert_eq!(
        lacking.to_string(),
        "nobody else who belongs on this list has a postal address (1 without one, 1 on lists that wait): import their \
         addresses, or record that they were told otherwise"
    );
    let kin = post.take(PostalKind::Kin, false).await;
    assert!(matches!(kin, Err(PostalError::Nobody)), "{kin:?}");
    post.delta(&row("sam", "deceased", "name")).await;
    let kin = post.take(PostalKind::Kin, false).await;
    assert!(
        matches!(kin, Err(PostalError::Waiting { waiting: 1 })),
        "{kin:?}"
    );
    // The page offers what the refusal advises.
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let page = "/console/incidents/sundmere/letters";
    let seen = staff.get(page).body;
    assert!(seen.contains("id=\"again-kin\""), "{seen}");
    let taken = staff.submit(page, page, &[("kind", "kin"), ("again", "yes")]);
    assert_eq!(taken.status, 303, "{}", taken.body);
    let batch = taken.header("location").rsplit_once("#batch-").unwrap().1;
    let list = staff.submit(page, &format!("/console/letters/{batch}/file"), &[]);
    assert!(
        list.status == 200 && list.body.contains("sam,"),
        "{}",
        list.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_were_posted_make_the_page_of_the_incident_public() {
    let post = Post::with(&without_mail(1)).await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let browser = site.browser();
    let code = &rows["r0"]["letter_code"];
    let verify = || browser.submit("/verify", "/verify", &[("code", code)]).body;
    let link = "href=\"/incidents/sundmere\"";
    let seen = verify();
    assert!(seen.contains("letter that we prepared"), "{seen}");
    assert!(
        seen.contains("Theft of data") && !seen.contains(link),
        "{seen}"
    );
    assert_eq!(browser.get("/incidents/sundmere").status, 404);
    post.posted(batch.id, TODAY).await.unwrap();
    let seen = verify();
    assert!(
        seen.contains("letter that we posted") && seen.contains(link),
        "{seen}"
    );
    assert_eq!(browser.get("/incidents/sundmere").status, 200);
    assert!(browser.get("/").body.contains(link));
}

impl Post {
    async fn set_state(&self, state: IncidentState) {
        let set = format!("update incident set state = '{state}'");
        self.house.sql(&set).await;
    }

    async fn dismiss(&self) -> Result<(), SteerError> {
        let (app, of) = (&self.house.app, self.scene.incident);
        let found = incidents::find(&mut app.db.get().await.unwrap(), of).await;
        let version = found.unwrap().version;
        steer::move_to(app, self.scene.comms, of, version, Dismissed).await
    }

    async fn call(&self, reference: &str) -> Result<(), PostalError> {
        let telling = Telling::new(How::Phone, "the person").unwrap();
        let (app, by, of) = (&self.house.app, self.scene.comms, self.scene.incident);
        let told = told::told(app, by, of, reference, day(TODAY), &telling).await;
        told.map(|_| ())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_is_told_on_paper_of_what_is_only_suspected_or_over() {
    let dead = row("dead", "deceased", "name");
    let post = Post::with(&[dead, without_mail(2)].concat()).await;
    let waits = post.take(PostalKind::Letter, false).await.unwrap().0;
    post.set_state(Suspected).await;
    for kind in [PostalKind::Letter, PostalKind::Kin] {
        let early = post.take(kind, true).await;
        assert!(
            matches!(early, Err(PostalError::State(Suspected))),
            "{early:?}"
        );
    }
    let early = post.call("r0").await;
    assert!(
        matches!(early, Err(PostalError::State(Suspected))),
        "{early:?}"
    );
    // A list that an earlier release left waiting.
    let refused = post.dismiss().await.unwrap_err().to_string();
    let why = "1 list of letters waits: record it as posted, or discard it";
    assert!(refused.contains(why), "{refused}");
    post::discard(&post.house.app, post.scene.comms, waits.id)
        .await
        .unwrap();
    post.dismiss().await.unwrap();
    let late = post.take(PostalKind::Kin, false).await;
    assert!(
        matches!(late, Err(PostalError::State(Dismissed))),
        "{late:?}"
    );

    // Withheld people do not prevent closing: their next of kin may be told later.
    post.set_state(Closed).await;
    let letters = post.take(PostalKind::Letter, false).await;
    assert!(
        matches!(letters, Err(PostalError::State(Closed))),
        "{letters:?}"
    );
    assert_eq!(post.take(PostalKind::Kin, false).await.unwrap().1.len(), 1);
    post.call("r0").await.unwrap();
}
