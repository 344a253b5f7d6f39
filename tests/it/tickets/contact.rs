//! How an agent can reach a person: agents are never asked to write to or call people who must not be contacted, and a
//! ticket with an answer that the person cannot read does not count as answered.

use candor::campaign::CampaignKind;
use candor::link::NoticeCode;
use candor::mail::Reply;
use candor::person::find::{Clue, find};
use candor::postal::{How, Telling, told};
use candor::staff::StaffRole;

use crate::client::{Browser, Seen, Site};
use crate::house::House;
use crate::people::Scene;

const CALL: &str = "/console/helpline/call";

async fn open(rows: &str) -> (House, Site, Scene) {
    let (house, scene, site) = Scene::open("").await;
    let head = "reference,email,name,locale,jurisdiction,flags,elements\n";
    scene.import(&house, &format!("{head}{rows}")).await;
    (house, site, scene)
}

/// Logs a call of the person, and opens their ticket.
fn called(agent: &Browser, reference: &str) -> (String, Seen) {
    let fields = [
        ("reference", reference),
        ("text", "Asks."),
        ("then", "open"),
    ];
    let logged = agent.submit(CALL, CALL, &fields);
    assert_eq!(logged.status, 303, "{}", logged.body);
    let ticket = logged.goal();
    let seen = agent.get(&ticket);
    (ticket, seen)
}

fn is_answered_for_staff_only(agent: &Browser, reference: &str, instead: &str) {
    let (ticket, seen) = called(agent, reference);
    assert!(
        seen.body.contains("Goes to nobody: "),
        "{reference}: {}",
        seen.body
    );
    let after = agent.answer(&ticket);
    for page in [&seen.body, &after] {
        assert!(page.contains(instead), "{reference}: {page}");
        for word in [
            "Call, or",
            "call, or",
            "rite a letter",
            "on the customer’s page",
            "on the customer's page",
        ] {
            assert!(!page.contains(word), "{reference}, {word}: {page}");
        }
    }
    assert!(
        after.contains("where nobody but staff can read it"),
        "{reference}: {after}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_agents_are_not_asked_to_write_to_or_call_people_who_must_not_be_written_to() {
    let rows = "P,p@example.org,Pia,en,US-WA,protected,name\nD,d@example.org,Dee,en,US-WA,deceased,name\n\
        H,h@example.org,Hal,en,US-WA,hold,name\nN,,Nan,en,US-WA,,name\nE,e@example.org,Eve,en,US-WA,,name\n";
    let (house, site, scene) = open(rows).await;
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let day = "2026-11-23".parse().unwrap();
    let telling = Telling::new(How::Shelter, "the shelter").unwrap();
    told::told(&house.app, scene.comms, scene.incident, "P", day, &telling)
        .await
        .unwrap();
    for (reference, instead) in [
        (
            "P",
            "safe channel by which they were told: through a shelter on 23 November 2026",
        ),
        (
            "D",
            "Answer the next of kin. That they were told is not on record",
        ),
        ("H", "Tell the person nothing before your lead has agreed"),
    ] {
        is_answered_for_staff_only(&agent, reference, instead);
    }
    // Without an address and without a postal letter the person cannot read the answer either, and an agent may call.
    let (ticket, _) = called(&agent, "N");
    let after = agent.answer(&ticket);
    assert!(
        after.contains("where nobody but staff can read it"),
        "{after}"
    );
    assert!(after.contains("Call, or write a letter."), "{after}");
    let (ticket, seen) = called(&agent, "E");
    let hint = "Goes to e-mail, e•••@e•••.org.";
    assert!(seen.body.contains(hint), "{}", seen.body);
    let after = agent.answer(&ticket);
    assert!(
        after.contains("the answer stands on the customer"),
        "{after}"
    );
    // An e-mail that was refused; its person is protected by now.
    house
        .sql("update outbox set status = 'failed', sealed = null, settled_at = now() where kind = 'ticket_reply'")
        .await;
    house.sql("update person set flags = 8").await;
    let seen = agent.get(&ticket).body;
    assert!(
        seen.contains("the e-mail was refused. Answer through a safe channel only"),
        "{seen}"
    );
    assert!(!seen.contains("all, or write"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_mailbox_refused_says_why_on_the_ticket() {
    let (house, site, _) = open("E,e@example.org,Eve,en,US-WA,,name\n").await;
    house
        .mail
        .answer_by(|_| Some(Reply::heard(550, "5.1.1 no such user", None)));
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let (ticket, _) = called(&agent, "E");
    agent.answer(&ticket);
    house.send_all().await;
    let seen = agent.get(&ticket).body;
    let said = "the e-mail was refused: no such mailbox. Call, or write a letter";
    assert!(seen.contains(said), "{seen}");
}

async fn codes_of_both(house: &House, scene: &Scene) -> Vec<String> {
    let mut codes = Vec::new();
    for reference in ["A", "B"] {
        let clue = Clue::Reference(reference.to_owned());
        let person = find(&house.app, scene.incident, &clue).await.unwrap()[0].id;
        let notice = format!(
            "select id from notice where person_id = '{}'",
            person.uuid()
        );
        let row = house.raw().await.query_one(&notice, &[]).await.unwrap();
        let id = candor::id::NoticeId::from_uuid(row.get(0));
        codes.push(NoticeCode::of(id, &house.app.keys).to_string());
    }
    codes
}

fn the_form_asks_for_no_one_time_code(agent: &Browser) {
    let form = agent.get(CALL).body;
    assert!(
        !form.contains("one_time_code") && !form.contains("one-time code"),
        "{form}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_code_that_a_caller_reads_aloud_is_compared() {
    let rows = "A,a@example.org,Ann,en,US-WA,,name\nB,b@example.org,Bob,en,US-WA,,name\n";
    let (house, site, scene) = open(rows).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    the_form_asks_for_no_one_time_code(&agent);
    let codes = codes_of_both(&house, &scene).await;
    let log = |reference: &str, code: &str| {
        let fields = [
            ("reference", reference),
            ("verification", "notice_code"),
            ("code", code),
            ("text", "What now?"),
            ("then", "open"),
        ];
        agent.submit(CALL, CALL, &fields)
    };
    let not_theirs = "to this person has this code";
    for (code, says) in [
        ("", "Type the code that they read aloud."),
        ("0000-0000-00", not_theirs),
        (&codes[1], not_theirs),
    ] {
        let refused = log("A", code);
        assert_eq!(refused.status, 422, "{code}");
        assert!(refused.body.contains(says), "{}", refused.body);
    }
    assert_eq!(house.number("select count(*) from ticket").await, 0);
    // The person is found by the reference and verified by the code; then found and verified by the code alone.
    for (reference, code) in [("A", &*codes[0]), ("", &codes[0]), (&codes[0], "")] {
        let logged = log(reference, code);
        assert_eq!(logged.status, 303, "{}", logged.body);
        let seen = agent.follow(&logged).body;
        assert!(seen.contains("Candor compared it"), "{seen}");
    }
    // Another person may have read the notice of a protected person, or of one with revoked links.
    for held in ["flags = 8", "flags = 0, link_epoch = 1"] {
        house.sql(&format!("update person set {held}")).await;
        let refused = log("A", &codes[0]);
        assert_eq!(refused.status, 422, "{held}");
        assert!(
            refused
                .body
                .contains("others may have read their messages and know this code"),
            "{held}: {}",
            refused.body
        );
    }
    house.sql("update person set link_epoch = 0").await;
    assert_eq!(log("A", &codes[0]).status, 303);
    // The code of a notice that never left verifies no person.
    house
        .sql("update notice set status = 'queued', settled_at = null; delete from outcome")
        .await;
    assert_eq!(log("A", &codes[0]).status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_a_restored_database_may_lack_is_not_called_unknown() {
    let rows = "A,a@example.org,Ann,en,US-WA,,name\nB,b@example.org,Bob,en,US-WA,,name\n";
    let (house, site, scene) = open(rows).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let clue = Clue::Reference("B".to_owned());
    let bob = find(&house.app, scene.incident, &clue).await.unwrap()[0].id;
    let notice = format!("select id from notice where person_id = '{}'", bob.uuid());
    let row = house.raw().await.query_one(&notice, &[]).await.unwrap();
    let of_bob = candor::id::NoticeId::from_uuid(row.get(0));
    let lost = candor::id::NoticeId::from_uuid(bob.uuid());
    let log = |of: candor::id::NoticeId| {
        let code = NoticeCode::of(of, &house.app.keys).to_string();
        let fields = [
            ("reference", "A"),
            ("verification", "notice_code"),
            ("code", &code),
            ("text", "What now?"),
            ("then", "open"),
        ];
        let refused = agent.submit(CALL, CALL, &fields);
        assert_eq!(refused.status, 422);
        refused.body
    };
    let not_theirs = "No notice and no letter to this person has this code";
    assert!(log(lost).contains(not_theirs));
    let now = house.app.now().to_rfc3339();
    house
        .sql(&format!(
            "insert into restored_gap (decided_at, copied_at, held_at) values \
             ('{now}', '2026-11-20T08:00:00Z', '2026-11-22T09:00:00Z')"
        ))
        .await;
    let refused = log(lost);
    assert!(!refused.contains(not_theirs), "{refused}");
    assert!(
        refused.contains(
            "between 20 November 2026 and 22 November 2026 may be missing, so it may still be genuine"
        ),
        "{refused}"
    );
    // The page recognises that the code belongs to another person.
    assert!(log(of_bob).contains(not_theirs));
}
