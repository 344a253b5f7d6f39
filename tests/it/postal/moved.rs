//! Postal letters to people who moved since their list was taken, people without a postal address, and where the page
//! of letters leads: it says what is true now.

use candor::postal::PostalKind;
use candor::postal::consent::{Confirmed, Question, Reason};
use candor::postal::{PostalError, PostalState};
use candor::staff::StaffRole;

use super::{Post, without_mail};
use crate::client::Site;

const PAGE: &str = "/console/incidents/sundmere/letters";
const TODAY: &str = "2026-11-23";

fn at(n: usize, email: &str, address: &str) -> String {
    format!("r{n},{email},Person {n},9810{n},{address},en,US-WA,,name;ssn\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn f21_letters_to_an_address_that_a_list_changed_since_are_confirmed_with_their_number() {
    let post = Post::with(&without_mail(4)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    // One person moved; one now has a known e-mail address; one address is only written otherwise.
    post.delta(
        &[
            at(0, "", "99 New Road"),
            at(1, "r1@example.org", "1 Main St"),
            at(2, "", "2  MAIN st"),
        ]
        .concat(),
    )
    .await;
    let refused = post.posted(batch.id, TODAY).await;
    let Err(PostalError::Unconfirmed { questions }) = refused else {
        panic!("{refused:?}");
    };
    let asked = Question {
        what: Reason::AddressChanged,
        number: 1,
    };
    assert_eq!(questions, [asked]);
    assert_eq!(post.batch(batch.id).await.state, PostalState::Listed);

    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff.get(PAGE).body;
    let words =
        "1 person on this list is not at the postal address any more to which their letter goes";
    assert!(seen.contains(words) && seen.contains(">r0</a>"), "{seen}");
    assert!(
        !seen.contains(">r1</a>") && !seen.contains(">r2</a>"),
        "{seen}"
    );
    let yes = Confirmed([(Reason::AddressChanged, 1)].into());
    let posted = post.posted_with(batch.id, TODAY, yes).await.unwrap();
    assert_eq!(posted.state, PostalState::Posted);
    let detail = "select count(*) from audit_event where action = 'letters.posted'
        and detail::jsonb -> 'confirmed' ->> 'address_changed' = '1'";
    assert_eq!(post.house.number(detail).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_with_a_sealed_key_that_cannot_be_opened_are_not_shown_as_if_no_one_were_barred() {
    let post = Post::with(&without_mail(2)).await;
    post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    assert_eq!(staff.get(PAGE).status, 200);
    let damaged = "update incident set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 255)";
    post.house.sql(damaged).await;
    assert_eq!(staff.get(PAGE).status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_people_without_a_postal_address_are_counted_as_they_are_now() {
    let post = Post::with(&(at(0, "", "1 Main St") + &at(1, "", "") + &at(2, "", ""))).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(batch.without_address, 2);
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let lacking = || {
        staff
            .get(&format!("{PAGE}/without-address?kind=letter"))
            .body
    };
    assert!(
        staff
            .get(PAGE)
            .body
            .contains("2 people have no postal address: they need one, or are told otherwise.")
    );
    assert_eq!(lacking().lines().count(), 3);
    // One person is told by telephone, for one an address is found: no person lacks one any more.
    let fields = [
        ("reference", "r1"),
        ("on", TODAY),
        ("how", "phone"),
        ("who", "the person"),
    ];
    let told = staff.submit(PAGE, &format!("{PAGE}/told"), &fields);
    assert_eq!(told.status, 303, "{}", told.body);
    let seen = staff.get(PAGE).body;
    assert!(seen.contains("1 person has no postal address"), "{seen}");
    post.delta(&at(2, "", "2 Main St")).await;
    let seen = staff.get(PAGE).body;
    assert!(!seen.contains("no postal address"), "{seen}");
    assert_eq!(lacking(), "reference,address,postcode\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_lack_an_address_are_opened_once_for_each_list_of_affected_people() {
    let post = Post::with(&(at(0, "", "1 Main St") + &at(1, "", "") + &at(2, "", ""))).await;
    post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let shows = |words: &str| {
        let seen = staff.get(PAGE);
        assert!(
            seen.status == 200 && seen.body.contains(words),
            "{words}: {}",
            seen.body
        );
    };
    shows("2 people have no postal address");
    // A page that opened them now would be an error.
    let broken =
        "create table kept as select id, sealed from person; update person set sealed = '\\x00'";
    post.house.sql(broken).await;
    shows("2 people have no postal address");
    let mended =
        "update person p set sealed = k.sealed from kept k where k.id = p.id; drop table kept";
    post.house.sql(mended).await;
    post.delta(&at(2, "", "2 Main St")).await;
    shows("1 person has no postal address");
    post.delta(&at(3, "", "")).await;
    shows("2 people have no postal address");
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_taking_a_list_leads_to_where_its_file_is_and_where_it_is_recorded() {
    let post = Post::with(&without_mail(2)).await;
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let taken = staff.submit(PAGE, PAGE, &[("kind", "letter")]);
    assert_eq!(taken.status, 303, "{}", taken.body);
    let (_, batch) = taken.header("location").rsplit_once('#').unwrap();
    let seen = staff.get(PAGE).body;
    assert!(
        seen.contains(&format!("id=\"{batch}\"")) && seen.contains("Download the file"),
        "{seen}"
    );
    let to = format!("/console/letters/{}", batch.trim_start_matches("batch-"));
    for _ in 0..2 {
        let file = staff.submit(PAGE, &format!("{to}/file"), &[]);
        assert!(file.header("content-type").starts_with("text/csv"));
        assert_eq!(file.body.lines().count(), 3);
    }
    let fetched = "select count(*) from audit_event where action = 'letters.file'";
    assert_eq!(post.house.number(fetched).await, 2);
    let posted = staff.submit(PAGE, &format!("{to}/posted"), &[("on", TODAY)]);
    assert_eq!(posted.status, 303, "{}", posted.body);
    // If another session has done it already, the answer says that nothing was to be sent.
    for act in ["file", "discard"] {
        let late = staff.submit(PAGE, &format!("{to}/{act}"), &[]);
        assert_eq!(late.status, 422);
        assert!(late.body.contains("Nothing was recorded"), "{}", late.body);
        assert!(
            !late.body.contains("This was not sent yet"),
            "{}",
            late.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_how_a_person_was_told_is_what_was_chosen() {
    let row = "k,,Kay,98101,1 Main St,en,US-WA,deceased,name\ns,,Sal,98101,1 Main St,en,US-WA,protected,name\n";
    let post = Post::with(row).await;
    let (batch, _) = post.take(PostalKind::Kin, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff.get(PAGE).body;
    assert_eq!(
        seen.matches("<option value=\"\" selected>Choose how")
            .count(),
        2,
        "{seen}"
    );
    let list = format!("/console/letters/{}/told", batch.id);
    let one = format!("{PAGE}/told");
    for (to, reference) in [(&list, ""), (&one, "s")] {
        let fields = [("reference", reference), ("on", TODAY), ("who", "kin")];
        let refused = staff.submit(PAGE, to, &fields);
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.contains("Choose how they were told."),
            "{}",
            refused.body
        );
    }
    let fields = [
        ("reference", "s"),
        ("on", TODAY),
        ("how", "letter"),
        ("who", "her solicitor"),
    ];
    assert_eq!(staff.submit(PAGE, &one, &fields).status, 303);
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let call = "/console/helpline/call";
    let fields = [("reference", "s"), ("text", "She asks."), ("then", "open")];
    let logged = agent.submit(call, call, &fields);
    let seen = agent.follow(&logged).body;
    assert!(
        seen.contains("Told by a letter to somebody who acts for them"),
        "{seen}"
    );
    assert!(!seen.contains("word of mouth"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_a_forgotten_incident_says_so_where_its_people_were() {
    let post = Post::with(&without_mail(2)).await;
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let forget =
        "update incident set wrapped_key = null, forgotten_at = '2026-11-29', state = 'closed'";
    post.house.sql(forget).await;
    let people = staff.get("/console/incidents/sundmere/people?standing=needs_letter");
    assert!(people.body.contains("2 people"), "{}", people.body);
    assert!(
        people.body.contains("were forgotten on 29 November 2026")
            && !people.body.contains("Nobody is behind"),
        "{}",
        people.body
    );
    let letters = staff.get(PAGE).body;
    assert!(
        letters.contains("were forgotten on 29 November 2026"),
        "{letters}"
    );
    for form in [
        "Record letters that came back",
        "Record that they were told",
        "Save this choice",
    ] {
        assert!(!letters.contains(form), "{form}: {letters}");
    }
    let campaigns = staff.get("/console/campaigns").body;
    assert!(
        !campaigns.contains("<option value=\"sundmere\""),
        "{campaigns}"
    );
    let incident = staff.get("/console/incidents/sundmere").body;
    assert!(!incident.contains("New campaign"), "{incident}");
}
