//! The pages of customers and agents over HTTP: walk (b) from the question to the answer, real questions kept to the
//! byte, hostile ones shown as text.

mod public;
mod questions;

use std::path::{Path, PathBuf};

use candor::campaign::CampaignKind;
use candor::id::PersonId;
use candor::link::StatusLink;
use candor::mail::read::{Read, read};
use candor::person::find::{Clue, find};
use candor::staff::StaffRole;
use candor::ticket::{MessageKind, TicketStatus, store};
use chrono::TimeDelta;

use crate::client::{Browser, Seen, Site};
use crate::house::House;
use crate::people::{Scene, list};
use crate::web::routes::rows;

const QUESTION: &str = "Was my number taken?\r\n\r\n  I mean <b>the phone's</b> & \"mine\". ";
const ANSWER: &str =
    "Yes: your phone number & your Social Security number.\nFreeze your credit first.";

/// A house with its site and `n` affected people.
async fn open(settings: &str, n: usize) -> (House, Site, Scene) {
    let (house, scene, site) = Scene::open(settings).await;
    scene.import(&house, &list(n, "name;ssn;phone")).await;
    (house, site, scene)
}

async fn person(house: &House, scene: &Scene, n: usize) -> (PersonId, String) {
    let clue = Clue::Reference(format!("R-{n:05}"));
    let found = find(&house.app, scene.incident, &clue).await.unwrap();
    let link = StatusLink {
        person: found[0].id,
        epoch: found[0].link_epoch,
    };
    (found[0].id, link.token(&house.app.keys))
}

/// The message with these words, sent now; others may leave at the same time.
async fn letter_with(house: &House, words: &str) -> Read {
    house.send_all().await;
    let letters = house.mail.take_sent();
    let found = letters
        .iter()
        .map(|letter| read(&letter.raw))
        .find(|letter| letter.text.contains(words));
    found.unwrap_or_else(|| panic!("none of {} messages says {words:?}", letters.len()))
}

/// The text between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split(after).next().unwrap()
}

fn hidden<'a>(page: &'a Seen, name: &str) -> &'a str {
    between(&page.body, &format!("name=\"{name}\" value=\""), "\"")
}

/// Opens the details of `page`: asks for a code by e-mail and types it, after a wrong one.
async fn unlock(house: &House, browser: &Browser, page: &str, back: &str) {
    let link = page.split("/tickets").next().unwrap();
    let asked = browser.submit(page, &format!("{link}/code"), &[("back", back)]);
    let masked = "We are sending a code to <strong class=\"mono\">p•••@e•••.org</strong>";
    assert!(browser.follow(&asked).body.contains(masked));
    house.send_all().await;
    // The receipt of a question may leave at the same time.
    let letters: Vec<Read> = house
        .mail
        .take_sent()
        .iter()
        .map(|letter| read(&letter.raw))
        .collect();
    let code = letters
        .iter()
        .flat_map(|letter| letter.text.lines())
        .find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
    let wrong = browser.submit(
        page,
        &format!("{link}/open"),
        &[("back", back), ("code", "12345")],
    );
    assert_eq!(
        (wrong.status, wrong.body.contains("value=\"12345\"")),
        (422, true)
    );
    let fields = [("back", back), ("code", code.unwrap())];
    let opened = browser.submit(page, &format!("{link}/open"), &fields);
    assert_eq!((opened.status, opened.header("location")), (303, page));
}

async fn the_lead_assigns(site: &Site, ticket: &str) {
    let lead = site.signed_in("lea", &[StaffRole::Lead]).await;
    let page = lead.get(ticket);
    let to = between(&page.body, "value=\"stf_", "\"");
    let fields = [
        ("to", &*format!("stf_{to}")),
        ("version", hidden(&page, "version")),
    ];
    let given = lead.submit(ticket, &format!("{ticket}/assign"), &fields);
    assert_eq!(given.status, 303, "{}", given.body);
}

fn is_held_back(late: &Seen) {
    assert!(
        late.status == 409 && late.body.contains("The customer wrote"),
        "{}",
        late.body
    );
    assert!(late.body.contains("Anything else?") && late.body.contains("And my PIN?"));
}

/// The customer opens the ticket with a code, reads, and replies.
async fn read_and_reply(
    house: &House,
    scene: &Scene,
    customer: &Browser,
    mine: &str,
    number: &str,
) {
    let (status, _) = mine.split_once("/tickets/").unwrap();
    let page = customer.get(mine);
    assert!(page.body.contains("Answered: tell us") && !page.body.contains("Freeze your credit"));
    unlock(house, customer, mine, &format!("/tickets/{number}")).await;
    let page = customer.get(mine);
    assert!(
        page.body.contains("Freeze your credit first.") && page.body.contains("This did not help")
    );
    let opened = customer.get(status);
    for own in [
        "Person",
        "Social Security number",
        "Freeze your credit",
        "Notice of data breach",
    ] {
        assert!(
            opened.body.contains(own),
            "the second step does not show {own}"
        );
    }
    let (_, other) = person(house, scene, usize::from(opened.body.contains("Person 0"))).await;
    assert!(
        !customer.get(&format!("/s/{other}")).body.contains("Person"),
        "the step opens one person only"
    );
    let back = customer.submit(
        mine,
        &format!("{mine}/messages"),
        &[("text", "And my PIN?")],
    );
    assert_eq!(back.header("location"), mine);
    assert!(
        customer
            .follow(&back)
            .body
            .contains("An adviser is looking at this")
    );
}

async fn answer(house: &House, agent: &Browser, mine: &str, reply: impl Fn(&str, &str) -> Seen) {
    let held = reply("We ask our bank.", "on_hold");
    assert!(
        held.status == 422
            && held.body.contains("We ask our bank.")
            && held.body.contains("review_on-fault")
    );
    let sent = reply(ANSWER, "solved");
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(
        agent
            .follow(&sent)
            .body
            .contains("Answered. The e-mail waits to be sent")
    );
    let letter = letter_with(house, ANSWER).await;
    assert!(letter.text.contains(mine));
}

/// By the link alone the page says that the notice is genuine, and shows nothing personal. The number of the ticket.
fn ask_by_the_link(customer: &Browser, status: &str) -> String {
    let page = customer.get(status);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("This notice is genuine") && page.body.contains("We last wrote to you")
    );
    for secret in ["Person", "Social Security", "example.org"] {
        assert!(!page.body.contains(secret), "the link alone shows {secret}");
    }
    let nothing = customer.submit(
        status,
        &format!("{status}/tickets"),
        &[("text", " \n"), ("harm", "yes")],
    );
    assert!(nothing.status == 422 && nothing.body.contains("Please write something first."));
    assert!(nothing.body.contains("checked"));
    let asked = customer.submit(status, &format!("{status}/tickets"), &[("text", QUESTION)]);
    let page = customer.follow(&asked);
    let number = between(asked.header("location"), "/tickets/", "/").to_owned();
    assert!(page.status == 200 && page.body.contains(&number));
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_an_answer() {
    let (house, site, scene) = open("", 2).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let status = format!("/s/{}", between(&notice.text, "/s/", "\n").trim());
    let customer = site.browser();

    let number = ask_by_the_link(&customer, &status);

    // The agent takes it, and answers.
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let taken = agent.submit("/console/helpline", "/console/helpline/next", &[]);
    let ticket = taken.header("location").to_owned();
    let page = agent.follow(&taken);
    assert!(page.body.contains(&number) && page.body.contains("Social Security number"));
    assert!(
        page.body.contains("&#60;b&#62;the phone&#39;s&#60;/b&#62;"),
        "{}",
        page.body
    );
    let version = hidden(&page, "version").to_owned();
    let reply = |text: &str, then: &str| {
        let fields = [
            ("kind", "reply"),
            ("text", text),
            ("version", &version),
            ("messages", "1"),
            ("then", then),
            ("resolution", "answered"),
        ];
        agent.submit(&ticket, &format!("{ticket}/messages"), &fields)
    };
    let mine = format!("{status}/tickets/{number}");
    answer(&house, &agent, &mine, &reply).await;

    read_and_reply(&house, &scene, &customer, &mine, &number).await;

    // An answer that the agent sends from an outdated page is held back, and its text is kept.
    let late = reply("Anything else?", "pending");
    is_held_back(&late);
    let note = agent.submit(
        &ticket,
        &format!("{ticket}/messages"),
        &[("kind", "note"), ("text", "Looks calm.")],
    );
    assert_eq!(note.status, 303);
    assert!(!customer.get(&mine).body.contains("Looks calm."));
    the_lead_assigns(&site, &ticket).await;
    let late = customer.submit(&status, &format!("{status}/leave"), &[]);
    assert!(!customer.follow(&late).body.contains("Person"));
    let typed = [("text", "It is still not clear to me.")];
    let locked = customer.submit(&mine, &format!("{mine}/messages"), &typed);
    assert!(locked.status == 403 && locked.body.contains(typed[0].1));
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_reading_a_persons_and_an_agents_pages_changes_nothing() {
    let (house, site, scene) = open("", 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let (_, token) = person(&house, &scene, 0).await;
    let (customer, status) = (site.browser(), format!("/s/{token}"));
    let asked = customer.submit(
        &status,
        &format!("{status}/tickets"),
        &[("text", "Why me?")],
    );
    let mine = asked
        .header("location")
        .trim_end_matches("/asked")
        .to_owned();
    unlock(&house, &customer, &mine, mine.trim_start_matches(&status)).await;
    let staff = site.signed_in("all", StaffRole::ALL).await;
    let number = mine.rsplit('/').next().unwrap();
    let before = rows(&house).await;
    for path in [
        &status,
        &mine,
        &format!("{mine}/asked"),
        &format!("{status}?code"),
    ] {
        assert_eq!(customer.get(path).status, 200, "{path}");
    }
    for path in [
        "helpline",
        "helpline?status=new",
        "helpline/call",
        "staff",
        "audit",
        "audit?before=3",
        "design",
    ] {
        assert_eq!(staff.get(&format!("/console/{path}")).status, 200, "{path}");
    }
    for path in [
        format!("/console/tickets/{number}"),
        format!("/console/tickets/{number}?as=note"),
    ] {
        assert_eq!(staff.get(&path).status, 200, "{path}");
    }
    assert_eq!(staff.get("/console/helpline?status=bad").status, 400);
    assert_eq!(staff.get("/console/helpline?after=bad").status, 400);
    assert_eq!(rows(&house).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_becomes_a_ticket_of_the_caller() {
    let (house, site, scene) = open("", 2).await;
    let agent = site.signed_in("ben", &[StaffRole::Agent]).await;
    let page = "/console/helpline/call";
    let log = |who: &str, text: &str, then: &str| {
        let fields = [
            ("reference", who),
            ("verification", "called_back"),
            ("text", text),
            ("then", then),
        ];
        agent.submit(page, page, &fields)
    };
    let kept = "She asks what to do about her bank.";
    let nobody = log("R-99999", kept, "open");
    assert!(
        nobody.status == 422
            && nobody.body.contains(kept)
            && nobody.body.contains("No person matches this")
    );
    for (who, then, status) in [
        ("r-00001", "open", TicketStatus::Open),
        ("Person1@example.org", "solved", TicketStatus::Solved),
        ("", "open", TicketStatus::Open),
    ] {
        let logged = log(who, kept, then);
        assert_eq!(logged.status, 303, "{who}: {}", logged.body);
        let page = agent.follow(&logged);
        assert!(
            page.body.contains("Verified, says the agent: called back") && page.body.contains(kept),
            "{who}"
        );
        let id = between(logged.header("location"), "/tickets/", "?")
            .parse()
            .unwrap();
        let ticket = store::find(&mut house.app.db.get().await.unwrap(), &house.app.keys, id)
            .await
            .unwrap();
        assert_eq!(ticket.status, status);
        let expected = if who.is_empty() {
            None
        } else {
            Some(person(&house, &scene, 1).await.0)
        };
        assert_eq!(ticket.person, expected, "{who}");
    }
}
