//! The customer's pages over the whole life of a list: each sentence says what is true now.

mod notices;

use candor::account;
use candor::campaign::CampaignKind;
use candor::element::{Element, ElementSet};
use candor::id::{NoticeId, TicketId};
use candor::link::NoticeCode;
use candor::mail::Reply;
use candor::mail::read::read;
use candor::person::{Became, Settled, ToldBy};
use candor::staff::StaffRole;
use candor::ticket::{Then, agent, intake, store};
use chrono::TimeDelta;

use crate::client::{Browser, Site};
use crate::house::House;
use crate::people::{Scene, list};

const HEAD: &str = "reference,email,name,locale,jurisdiction,elements,flags\n";

/// A house with a site, and these people.
async fn open(rows: &str) -> (House, Site, Scene) {
    let (house, scene, site) = Scene::open("[organisation]\nphone = \"555-0199\"").await;
    scene.import(&house, &format!("{HEAD}{rows}")).await;
    (house, site, scene)
}

fn row(reference: &str, email: &str, elements: &str, flags: &str) -> String {
    format!("{reference},{email},Ann Lee,en,US-WA,{elements},{flags}\n")
}

/// Opens the details on `page` by a code.
pub(super) async fn unlock(house: &House, browser: &Browser, page: &str) {
    browser.submit(page, &format!("{page}/code"), &[]);
    house.send_all().await;
    let code = house.mail.take_sent().iter().find_map(|letter| {
        let text = read(&letter.raw).text;
        let digits = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        text.lines().find(digits).map(str::to_owned)
    });
    let fields = [("code", code.as_deref().expect("a code was mailed"))];
    let opened = browser.submit(page, &format!("{page}/open"), &fields);
    assert_eq!(opened.status, 303, "{}", opened.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retracted_person_reads_that_they_are_not_affected_and_what_was_said_wrongly() {
    let both =
        row("R-1", "ann@home.example", "name;ssn", "") + &row("R-2", "bo@home.example", "name", "");
    let (house, site, scene) = open(&both).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    house.mail.take_sent();
    let (ann, page) = scene.status_page(&house, "R-1").await;
    let asked = intake::ask(&house.app, scene.incident, ann, "", "Is there fraud?").await;
    let asked = asked.unwrap().ticket().clone();
    assert_eq!(asked.urgency.score, 80);

    // An answer waits while the list takes Ann out, ten days later.
    house.app.clock.advance(TimeDelta::days(10));
    let agent = house.staff(&["agent"]).await;
    let seen = agent::Seen::of(&asked);
    let solved = Then::solved();
    agent::reply(
        &house.app,
        agent,
        asked.id,
        seen,
        "Your SSN was taken.",
        &solved,
    )
    .await
    .unwrap();
    house.sql("update outbox set status = 'sent', sealed = null, settled_at = now() where kind = 'ticket_received'").await;
    scene
        .import(
            &house,
            &format!("{HEAD}{}", row("R-2", "bo@home.example", "name", "")),
        )
        .await;
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 0, "it was written before");

    customer_reads(&house, &site, &page).await;
    agent_reads(&house, &site, asked.id).await;

    // The message that is written to them now is sent.
    house.app.clock.advance(TimeDelta::minutes(1));
    let open = intake::did_not_help(&house.app, ann, asked.id, "")
        .await
        .unwrap();
    let seen = agent::Seen::of(open.ticket());
    let by = open.ticket().assignee.unwrap();
    agent::reply(
        &house.app,
        by,
        asked.id,
        seen,
        "You are not affected.",
        &Then::solved(),
    )
    .await
    .unwrap();
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 1);
}

/// The status page by its link, then opened by a code.
async fn customer_reads(house: &House, site: &Site, page: &str) {
    let browser = site.browser();
    let seen = browser.get(page).body;
    let list = "According to the list of";
    assert!(
        seen.contains("You are not affected") && seen.contains(list),
        "{seen}"
    );
    assert!(seen.contains("Thursday 3 December 2026") && seen.contains("(version 2)"));
    assert!(seen.contains("that data about you was taken: that was wrong"));
    assert!(
        !seen.contains("Social Security") && !seen.contains("See which of your data was taken")
    );
    unlock(house, &browser, page).await;
    let seen = browser.get(page).body;
    assert!(seen.contains("We told you on") && seen.contains("Monday 23 November 2026"));
    let wrong = "that this was taken: <bdi>Social Security number and name</bdi>. That was wrong";
    assert!(seen.contains(wrong), "{seen}");
    assert!(!seen.contains("These kinds of data about you were taken"));
    assert!(!seen.contains("Freeze"), "no advice for what was not taken");
}

/// The agent reads the same, and the urgency has changed with it.
async fn agent_reads(house: &House, site: &Site, id: TicketId) {
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let seen = ben.get(&format!("/console/tickets/{id}")).body;
    assert!(
        seen.contains("Not affected, says the list of 3 December 2026 (version 2)."),
        "{seen}"
    );
    assert!(seen.contains("Social Security number and name (on 23 November 2026)"));
    assert!(!seen.contains("What was exposed"));
    assert!(seen.contains("the list now says that the person is not affected"));
    let mut conn = house.app.db.get().await.unwrap();
    let now = store::find(&mut conn, &house.app.keys, id).await.unwrap();
    let why = "not affected, says the list now · tells of fraud or theft";
    assert_eq!((now.urgency.score, now.urgency.why.as_str()), (50, why));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_was_named_and_is_no_longer_true_next_to_what_is() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name;ssn", "")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene
        .import(
            &house,
            &format!("{HEAD}{}", row("R-1", "ann@home.example", "name", "")),
        )
        .await;
    let (_, page) = scene.status_page(&house, "R-1").await;
    let browser = site.browser();
    unlock(&house, &browser, &page).await;
    let seen = browser.get(&page).body;
    assert!(seen.contains("<ul><li><bdi>name</bdi></li></ul>"), "{seen}");
    assert!(
        seen.contains("that this was taken: <bdi>Social Security number</bdi>. That was wrong")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_closes_when_the_list_gives_another_address_or_none() {
    for (email, flags) in [
        ("new@home.example", ""),
        ("", ""),
        ("ann@home.example", "protected"),
    ] {
        let (house, site, scene) = open(&row("R-1", "ann@home.example", "name;ssn", "")).await;
        let (ann, page) = scene.status_page(&house, "R-1").await;
        let asked = intake::ask(&house.app, scene.incident, ann, "", "Hello?").await;
        let ticket = format!("{page}/tickets/{}", asked.unwrap().ticket().number);
        let browser = site.browser();
        unlock(&house, &browser, &page).await;
        assert!(browser.get(&page).body.contains("Social Security number"));
        assert!(browser.get(&ticket).body.contains("Hello?"));
        let changed = row("R-1", email, "name;ssn;phone", flags);
        scene.import(&house, &format!("{HEAD}{changed}")).await;
        let seen = browser.get(&page).body;
        assert!(
            !seen.contains("Social Security") && !seen.contains("Ann Lee"),
            "{email} {flags}"
        );
        assert!(!browser.get(&ticket).body.contains("Hello?"));
        let typed = [("text", "My words")];
        let late = browser.submit(&page, &format!("{ticket}/messages"), &typed);
        assert_eq!((late.status, late.body.contains("My words")), (403, true));
    }
    // The same address written otherwise is the same address.
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name;ssn", "")).await;
    let (_, page) = scene.status_page(&house, "R-1").await;
    let browser = site.browser();
    unlock(&house, &browser, &page).await;
    let more = row("R-1", "ann@HOME.example", "name;ssn;phone", "");
    scene.import(&house, &format!("{HEAD}{more}")).await;
    assert!(browser.get(&page).body.contains("phone number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_promises_no_code_and_no_e_mail_where_none_may_go() {
    let rows = row("R-1", "", "name", "")
        + &row("R-2", "bo@home.example", "name", "protected")
        + &row("R-3", "cy@home.example", "name", "hold")
        + &row("R-4", "di@home.example", "name", "deceased");
    let (house, site, scene) = open(&rows).await;
    let browser = site.browser();
    let mut pages = Vec::new();
    for reference in ["R-1", "R-2", "R-3", "R-4"] {
        let (_, page) = scene.status_page(&house, reference).await;
        let first = browser.get(&page).body;
        assert!(
            !first.contains("Send me a code") && !first.contains("one-time code"),
            "{first}"
        );
        let asked = browser.submit(&page, &format!("{page}/code"), &[]);
        let seen = browser.follow(&asked).body;
        assert!(seen.contains("We cannot send you a code by e-mail") && seen.contains("555-0199"));
        assert!(!seen.contains("We sent a code") && !seen.contains("We are sending"));
        assert!(seen.contains("We have not written to you about this yet"));
        let typed = [("text", "What was taken?")];
        let asked = browser.submit(&page, &format!("{page}/tickets"), &typed);
        let seen = browser.follow(&asked).body;
        assert!(!seen.contains("You get an e-mail"), "{seen}");
        let ticket = asked.header("location").replace("/asked", "");
        let seen = browser.get(&ticket).body;
        assert!(
            !seen.contains("by e-mail and here") && seen.contains("We answer here"),
            "{seen}"
        );
        // The page gives no reason: all read the same but for their own link and tokens.
        let cut = first.replace(&page, "").replace(&browser_token(&first), "");
        pages.push(cut);
    }
    assert!(pages.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(house.number("select count(*) from outbox").await, 0);
}

fn browser_token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}
