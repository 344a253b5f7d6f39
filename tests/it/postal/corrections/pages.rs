//! The same faults on pages, in the account and in the texts.

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{CampaignKind, Limits, UncertainPolicy};
use candor::element::{Element, ElementSet};
use candor::person::{CorrectionDue, PersonStanding, correction_due};
use candor::postal::{How, MinorsRule, PostalKind, Telling, minors};
use candor::staff::StaffRole;
use candor::template::{Variant, Variants, edit};
use serde_json::json;

use super::super::{Post, day};
use super::{THREE, set};
use crate::client::Site;

#[tokio::test(flavor = "multi_thread")]
async fn b19_e10_minors_held_for_a_letter_are_counted_once_and_with_the_right_advice() {
    let post = Post::with(
        "kid,kid@example.org,Kim,1,1 St,en,US-WA,minor,name\nboy,,Ben,1,1 St,en,US-WA,minor,name\n\
         old,,Ola,1,1 St,en,US-WA,,name\n",
    )
    .await;
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    minors::choose(app, by, of, MinorsRule::GuardianLetter)
        .await
        .unwrap();
    assert_eq!(post.account().await.guardian_letters, 2);
    let due = async || {
        let mut conn = app.db.get().await.unwrap();
        let due = candor::postal::store::due(&mut conn, of).await.unwrap();
        due.iter()
            .map(|one| (one.kind.as_str(), one.people, one.waiting))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("letter", 1, 0),
        ("guardian", 2, 0),
        ("correction", 0, 0),
        ("kin", 0, 0),
        ("safe", 0, 0),
    ];
    assert_eq!(due().await, expected);
    let site = Site::open(app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff.get("/console").body;
    for words in [
        "2 people are told by a letter to the parent or guardian.",
        "1 person needs a letter.",
        "Take the list",
    ] {
        assert!(seen.contains(words), "{seen}");
    }
    assert!(!seen.contains("no campaign will reach them"), "{seen}");
    let (batch, rows) = post.take(PostalKind::Guardian, false).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(due().await[1], ("guardian", 2, 2));
    let seen = staff.get("/console").body;
    assert!(
        seen.contains(
            "2 people are on lists of letters to guardians that are not recorded as posted."
        ),
        "{seen}"
    );
    assert!(
        !seen.contains("are told by a letter to the parent"),
        "{seen}"
    );
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(post.account().await.guardian_letters, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_a_report_says_what_was_recorded_and_which_lines_were_not() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let at = "/console/incidents/sundmere/letters";
    let file = "reference,reason\na,moved away\nx,moved away\n";
    let seen = staff.upload(
        at,
        "/console/incidents/sundmere/letters/returned",
        &[],
        file,
    );
    for words in [
        "Not every line was recorded",
        "1 letter is recorded. 1 line was refused and changed nothing:",
        "Line 3: there is no letter",
    ] {
        assert!(seen.body.contains(words), "{}", seen.body);
    }
    assert!(!seen.body.contains("This was not sent yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e15_all_people_who_were_told_include_people_no_longer_affected() {
    let post = Post::with(THREE).await;
    post.send(CampaignKind::Initial).await;
    post.full(
        "a,a@example.org,A,1,1 St,en,US-WA,,name\nb,b@example.org,B,2,2 St,en,US-WA,,name;ssn\n",
    )
    .await;
    assert_eq!(post.person("c").await.standing, PersonStanding::Retracted);
    let told = json!({ "who": "told" });
    post.scene
        .launched_to(&post.house, CampaignKind::Correction, told)
        .await;
    post.house.send_all().await;
    let mut to: Vec<_> = post
        .house
        .mail
        .take_sent()
        .iter()
        .map(|one| one.recipient.local().to_owned())
        .collect();
    to.sort();
    assert_eq!(to, ["a", "b", "c"]);
    assert_eq!(post.account().await.told_too_much, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_says_as_the_program_does_how_people_are_corrected() {
    let house = crate::house::House::new().await;
    let raw = house.raw().await;
    for bits in 0..(2 * 4 * 4 * 32 * 2) {
        let (retracted, exposed, named) = (bits & 1 == 1, (bits >> 1) & 3, (bits >> 3) & 3);
        let (flags, reachable) = ((bits >> 5) & 31, (bits >> 10) & 1 == 1);
        let asked = "select correction_due_of($1, $2, $3, $4, $5)::text";
        let args: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
            &retracted,
            &i64::from(exposed),
            &i64::from(named),
            &flags,
            &reachable,
        ];
        let said: String = raw.query_one(asked, &args).await.unwrap().get(0);
        let set = |bits: i32| ElementSet::from_bits(i64::from(bits)).unwrap();
        let flags = candor::person::flags::Flags::from_bits(flags).unwrap();
        let due = correction_due(retracted, (set(exposed), set(named)), flags, reachable);
        assert_eq!(said, due.as_str(), "{bits}");
        assert_eq!(
            due == CorrectionDue::None,
            if retracted {
                named == 0
            } else {
                named & !exposed == 0
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e16_a_correction_says_what_was_wrong_and_the_page_keeps_it() {
    let post = Post::with(THREE).await;
    post.send(CampaignKind::Initial).await;
    post.full(
        "a,a@example.org,A,1,1 St,en,US-WA,,name\nb,b@example.org,B,2,2 St,en,US-WA,,name\n\
        c,c@example.org,C,3,3 St,en,US-WA,,name;ssn\n",
    )
    .await;
    let (app, by) = (&post.house.app, post.scene.comms);
    let text = Variant {
        subject: "We were wrong".to_owned(),
        body: "Dear {{ name }},\n\nthis was not taken: {{ told_wrongly }}.\n\nTaken of yours: {{ elements }}.\n\n\
            Your page: {{ status_link }}\n\nCode: {{ notice_code }}"
            .to_owned(),
    };
    let variants = Variants::from([("en".to_owned(), text)]);
    let template = edit::create(app, by, "Wrong", &variants).await.unwrap();
    let draft = async |who| {
        let new = NewCampaign {
            incident: post.scene.incident,
            template,
            template_version: 1,
            kind: CampaignKind::Correction,
            audience: serde_json::from_value(json!({ "who": who })).unwrap(),
            limits: Limits::default(),
            on_uncertain: UncertainPolicy::Resend,
        };
        launch::create(app, by, &new).await.unwrap()
    };
    // The text does not fit people who were told nothing wrong.
    let everybody = draft("told").await;
    let refused = launch::submit(app, by, everybody).await;
    assert!(
        matches!(refused, Err(CampaignError::NotReady(..))),
        "{refused:?}"
    );
    let wrong = draft("wrongly_told").await;
    post.scene.launch(&post.house, wrong).await;
    post.house.send_all().await;
    let sent = post.house.mail.take_sent();
    assert_eq!(sent.len(), 1);
    let mail = candor::mail::read::read(&sent[0].raw);
    assert!(
        mail.text
            .contains("this was not taken: Social Security number"),
        "{}",
        mail.text
    );
    assert_eq!(post.knows("b").await.1, set(&[Element::Name]));
}

/// The ticket of the same person shows the letter and its incident.
async fn the_ticket_shows_the_letter(post: &Post, site: &Site) {
    let (app, of) = (&post.house.app, post.scene.incident);
    let person = post.person("a").await.id;
    candor::ticket::intake::ask(app, of, person, "", "Who has my data?")
        .await
        .unwrap();
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let raw = post.house.raw().await;
    let id: uuid::Uuid = raw
        .query_one("select id from ticket", &[])
        .await
        .unwrap()
        .get(0);
    let ticket = candor::id::TicketId::from_uuid(id);
    let seen = agent.get(&format!("/console/tickets/{ticket}")).body;
    for words in [
        "Letter by post",
        "posted on 23 November 2026, came back",
        "Theft of data",
    ] {
        assert!(seen.contains(words), "{seen}");
    }
    assert!(!seen.contains("No notice yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_e9_letters_stand_on_the_status_page_the_ticket_and_the_person() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let site = Site::open(&post.house.app).await;
    let page = post.page("a").await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    let seen = site.browser().get(&page).body;
    assert!(seen.contains("A letter to you is prepared"), "{seen}");
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let browser = site.browser();
    let open = browser.submit(
        &page,
        &format!("{page}/open"),
        &[("letter", rows["a"]["letter_code"].as_str())],
    );
    assert_eq!(open.status, 303, "{}", open.body);
    let seen = browser.get(&page).body;
    for words in [
        "What we sent you",
        "By post, posted on",
        "Monday 23 November 2026",
    ] {
        assert!(seen.contains(words), "{seen}");
    }
    assert!(!seen.contains("Nothing yet"));

    let back = post.returned("reference,reason\na,moved away\n").await;
    assert_eq!(back.returned, 1);
    let seen = browser.get(&page).body;
    assert!(
        !seen.contains("Hide my details"),
        "what the letter opened is closed: {seen}"
    );
    let seen = site.browser().get(&page).body;
    assert!(
        seen.contains("The letter that we posted to you on") && seen.contains("came back to us"),
        "{seen}"
    );
    assert!(!seen.contains("We have not written to you"));
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff
        .get(&format!("/console/people/{}", post.person("a").await.id))
        .body;
    assert!(
        !seen.contains("none: needs a letter") && seen.contains("no address"),
        "{seen}"
    );

    the_ticket_shows_the_letter(&post, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e13_a_status_page_links_to_no_page_that_is_not_public() {
    let post = Post::with("a,a@example.org,A,1,1 St,en,US-WA,,name\n").await;
    let site = Site::open(&post.house.app).await;
    let seen = site.browser().get(&post.page("a").await).body;
    assert!(
        !seen.contains("/incidents/sundmere") && !seen.contains("What we know"),
        "{seen}"
    );
    post.send(CampaignKind::Initial).await;
    let browser = site.browser();
    let seen = browser.get(&post.page("a").await).body;
    assert!(seen.contains("/incidents/sundmere"), "{seen}");
    assert_eq!(browser.get("/incidents/sundmere").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e18_an_agent_reads_back_no_code_of_a_notice_that_never_left() {
    let post = Post::with("a,a@example.org,A,1,1 St,en,US-WA,protected,name\nb,b@example.org,B,1,1 St,en,US-WA,,name\n").await;
    post.send(CampaignKind::Initial).await;
    let (app, of) = (&post.house.app, post.scene.incident);
    let person = post.person("a").await.id;
    candor::ticket::intake::ask(app, of, person, "", "Who has my data?")
        .await
        .unwrap();
    let site = Site::open(app).await;
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let raw = post.house.raw().await;
    let id: uuid::Uuid = raw
        .query_one("select id from ticket", &[])
        .await
        .unwrap()
        .get(0);
    let ticket = candor::id::TicketId::from_uuid(id);
    let seen = agent.get(&format!("/console/tickets/{ticket}")).body;
    let told = seen.split("What we told them").nth(1).unwrap();
    assert!(
        told.contains("Notice of data breach") && told.contains("never sent"),
        "{told}"
    );
    assert!(!told.contains("code <span"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e20_e26_a_preview_says_who_never_gets_it_and_pages_say_what_is_true() {
    let post = Post::with("dead,,Dee,1,1 St,en,US-WA,deceased,name\n").await;
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let template = post
        .scene
        .template(&post.house, "T", crate::people::BODY)
        .await;
    let at = |reference: &str| {
        format!("/console/templates/{template}?incident=sundmere&reference={reference}")
    };
    let seen = staff.get(&at("dead"));
    assert!(
        seen.body.contains("It is never sent to them: deceased"),
        "{}",
        seen.body
    );
    let seen = staff.get(&at("nobody"));
    assert_eq!(seen.status, 200);
    assert!(
        seen.body.contains("This person") && seen.body.contains("has this reference"),
        "{}",
        seen.body
    );
    // A person told by telephone does not count as a posted letter; one person counts once.
    let (batch, _) = post.take(PostalKind::Kin, false).await.unwrap();
    let letters = "/console/incidents/sundmere/letters";
    let seen = staff.get(letters).body;
    assert!(
        seen.contains("1 person, next of kin")
            && seen.contains("This person, or a person who acts for them, was told."),
        "{seen}"
    );
    let telling = Telling::new(How::Phone, "the widow").unwrap();
    candor::postal::post::record(
        &post.house.app,
        post.scene.comms,
        batch.id,
        &candor::postal::post::Done::told(day("2026-11-23"), telling),
    )
    .await
    .unwrap();
    let seen = staff.get(letters).body;
    assert!(seen.contains("</svg>told</span>"), "{seen}");
    let incident = staff.get("/console/incidents/sundmere").body;
    assert!(
        incident.contains("moved the incident from suspected to confirmed"),
        "{incident}"
    );
    assert!(!incident.contains("Once a scope is active"));
    assert!(!incident.contains("/console/staff") && incident.contains("/console/templates"));
    let listed = staff
        .get("/console/incidents/sundmere/people?standing=notified")
        .body;
    assert!(listed.contains("1 person"), "{listed}");
}
