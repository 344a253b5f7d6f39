//! The customer's pages over the whole life of a list: each sentence follows from what happened, as it is now.

use candor::account;
use candor::campaign::CampaignKind;
use candor::element::{Element, ElementSet};
use candor::id::{NoticeId, PersonId};
use candor::link::{NoticeCode, StatusLink};
use candor::mail::Reply;
use candor::mail::read::read;
use candor::person::find::{Clue, find};
use candor::person::{Became, Settled, ToldBy};
use candor::staff::StaffRole;
use candor::ticket::{Then, desk, intake, store};
use chrono::TimeDelta;

use crate::client::{Browser, Site};
use crate::house::House;
use crate::people::{Scene, list};

const HEAD: &str = "reference,email,name,locale,jurisdiction,elements,flags\n";

/// A house with a site, and these people.
async fn open(rows: &str) -> (House, Site, Scene) {
    let house = House::with("[organisation]\nphone = \"555-0199\"").await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &format!("{HEAD}{rows}")).await;
    (house, site, scene)
}

fn row(reference: &str, email: &str, elements: &str, flags: &str) -> String {
    format!("{reference},{email},Ann Lee,en,US-WA,{elements},{flags}\n")
}

async fn person(house: &House, scene: &Scene, reference: &str) -> (PersonId, String) {
    let clue = Clue::Reference(reference.to_owned());
    let found = find(&house.app, scene.incident, &clue).await.unwrap();
    let link = StatusLink {
        person: found[0].id,
        epoch: found[0].link_epoch,
    };
    (found[0].id, format!("/s/{}", link.token(&house.app.keys)))
}

/// Opens the details on `page` by a code.
async fn unlock(house: &House, browser: &Browser, page: &str) {
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
    let (ann, page) = person(&house, &scene, "R-1").await;
    let asked = intake::ask(&house.app, scene.incident, ann, "", "Is there fraud?").await;
    let asked = asked.unwrap().ticket().clone();
    assert_eq!(asked.urgency.score, 80);

    // An answer waits while the list takes Ann out, ten days later.
    house.app.clock.advance(TimeDelta::days(10));
    let agent = house.staff(&["agent"]).await;
    let seen = desk::Seen::of(&asked);
    let solved = Then::solved();
    desk::reply(
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

    let browser = site.browser();
    let seen = browser.get(&page).body;
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
    unlock(&house, &browser, &page).await;
    let seen = browser.get(&page).body;
    assert!(seen.contains("We told you on") && seen.contains("Monday 23 November 2026"));
    let wrong = "that this was taken: <bdi>Social Security number and name</bdi>. That was wrong";
    assert!(seen.contains(wrong), "{seen}");
    assert!(!seen.contains("These kinds of data about you were taken"));
    assert!(!seen.contains("Freeze"), "no advice for what was not taken");

    // The agent reads the same, and the urgency has followed.
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let seen = ben.get(&format!("/console/tickets/{}", asked.id)).body;
    assert!(
        seen.contains("Not affected, says the list of 3 December 2026 (version 2)."),
        "{seen}"
    );
    assert!(seen.contains("Social Security number and name (on 23 November 2026)"));
    assert!(!seen.contains("What was exposed"));
    assert!(seen.contains("the list now says that the person is not affected"));
    let mut conn = house.app.db.get().await.unwrap();
    let now = store::find(&mut conn, &house.app.keys, asked.id)
        .await
        .unwrap();
    let why = "not affected, says the list now · tells of fraud or theft";
    assert_eq!((now.urgency.score, now.urgency.why.as_str()), (50, why));

    // What is written to them now is sent.
    house.app.clock.advance(TimeDelta::minutes(1));
    let open = intake::did_not_help(&house.app, ann, asked.id, "")
        .await
        .unwrap();
    let seen = desk::Seen::of(open.ticket());
    let by = open.ticket().assignee.unwrap();
    desk::reply(
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_named_and_is_not_so_any_more_is_said_beside_what_is() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name;ssn", "")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene
        .import(
            &house,
            &format!("{HEAD}{}", row("R-1", "ann@home.example", "name", "")),
        )
        .await;
    let (_, page) = person(&house, &scene, "R-1").await;
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
        let (ann, page) = person(&house, &scene, "R-1").await;
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
    let (_, page) = person(&house, &scene, "R-1").await;
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
        let (_, page) = person(&house, &scene, reference).await;
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
        // The reason stays unsaid: all read the same but for their own link and tokens.
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

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_the_channel_by_which_they_were_told() {
    let rows = row("R-1", "", "name", "") + &row("R-2", "bo@home.example", "name", "protected");
    let (house, site, scene) = open(&rows).await;
    let named = ElementSet::from_iter([Element::Name]);
    for (reference, by, says) in [
        ("R-1", ToldBy::Post, "We wrote to you by post."),
        (
            "R-2",
            ToldBy::Otherwise,
            "We told you about this, neither by e-mail nor by post.",
        ),
    ] {
        let (id, page) = person(&house, &scene, reference).await;
        let told = Settled {
            person: id,
            became: Became::Told {
                by,
                named,
                replaces: false,
            },
        };
        let mut conn = house.app.db.begin().await.unwrap();
        account::store::settle(&mut conn, scene.incident, id.bucket(), &[told])
            .await
            .unwrap();
        conn.commit().await.unwrap();
        let seen = site.browser().get(&page).body;
        assert!(
            seen.contains(says) && seen.contains("This notice is genuine"),
            "{seen}"
        );
        assert!(!seen.contains("We have not written to you"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_may_have_arrived_is_genuine_and_one_that_never_left_is_unknown() {
    let rows =
        row("R-1", "ann@home.example", "name", "") + &row("R-2", "bo@home.example", "name", "hold");
    let (house, site, scene) = open(&rows).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let doubt = Reply::Unknown {
        why: "the connection was lost".to_owned(),
    };
    house.mail.answer_next([doubt]);
    house.send_all().await;
    let browser = site.browser();
    let check = async |reference: &str| {
        let (id, page) = person(&house, &scene, reference).await;
        let raw = house.raw().await;
        let of = "select id from notice where person_id = $1";
        let notice: uuid::Uuid = raw.query_one(of, &[&id.uuid()]).await.unwrap().get(0);
        let code = NoticeCode::of(NoticeId::from_uuid(notice), &house.app.keys).to_string();
        let checked = browser.submit("/verify", "/verify", &[("code", &code)]);
        (checked.body.replace(&code, ""), browser.get(&page).body)
    };
    let (verify, page) = check("R-1").await;
    assert!(verify.contains("Yes, it is genuine") && verify.contains("no proof that it arrived"));
    assert!(page.contains("cannot tell whether it arrived"), "{page}");

    house
        .mail
        .answer_next([Reply::heard(550, "5.1.1 no such user", None)]);
    house.app.clock.advance(TimeDelta::minutes(2));
    house.send_all().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'bounced'")
            .await,
        1
    );
    let (verify, page) = check("R-1").await;
    assert!(
        verify.contains("Yes, it is genuine"),
        "it may have arrived at the first try"
    );
    assert!(page.contains("cannot tell whether it arrived"));

    // Withheld: it never left. A forged code reads the same.
    let (withheld, _) = check("R-2").await;
    assert!(withheld.contains("We do not recognise this code"));
    let forged = browser.submit("/verify", "/verify", &[("code", "0000-0000-00")]);
    let same = |page: &str, code: &str| page.replace(&browser_token(page), "").replace(code, "");
    assert_eq!(same(&withheld, ""), same(&forged.body, "0000-0000-00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_window_the_page_offers_a_follow_up_and_both_are_connected() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name", "")).await;
    let (ann, page) = person(&house, &scene, "R-1").await;
    let asked = intake::ask(&house.app, scene.incident, ann, "", "Hello?").await;
    let asked = asked.unwrap().ticket().clone();
    let agent = house.staff(&["agent"]).await;
    let seen = desk::Seen::of(&asked);
    desk::reply(&house.app, agent, asked.id, seen, "Hello.", &Then::solved())
        .await
        .unwrap();
    let (browser, mine) = (site.browser(), format!("{page}/tickets/{}", asked.number));
    unlock(&house, &browser, &page).await;
    assert!(browser.get(&mine).body.contains("This did not help"));

    house.app.clock.advance(TimeDelta::days(15));
    unlock(&house, &browser, &page).await;
    let seen = browser.get(&mine).body;
    assert!(
        !seen.contains("reopens") && !seen.contains("This did not help"),
        "{seen}"
    );
    assert!(!seen.contains("tell us if this did not help"));
    assert!(seen.contains("Ask a follow-up question"));
    let typed = [("text", "It is still open.")];
    let sent = browser.submit(&mine, &format!("{mine}/messages"), &typed);
    let next = sent.header("location").to_owned();
    assert_ne!(next, mine);
    let seen = browser.follow(&sent).body;
    assert!(
        seen.contains(&format!("Question {}", asked.number)),
        "{seen}"
    );
    assert!(!seen.contains("We are late"));
    let number = next.rsplit('/').next().unwrap();
    assert!(
        browser
            .get(&mine)
            .body
            .contains(&format!("Question {number}"))
    );
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let seen = ben.get(&format!("/console/tickets/{number}")).body;
    assert!(seen.contains("Connected with") && seen.contains(asked.number.as_str()));
    assert!(!seen.contains("overdue"));

    // A promise that is past is not made again.
    house.app.clock.advance(TimeDelta::days(3));
    unlock(&house, &browser, &page).await;
    assert!(
        browser
            .get(&next)
            .body
            .contains("We are late, and we are sorry.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_found_in_two_incidents_is_logged_under_the_one_they_call_about() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name", "")).await;
    let facts = candor::incident::Facts::new();
    let second =
        candor::incident::steer::open(&house.app, scene.comms, "second", "Second theft", &facts)
            .await
            .unwrap()
            .id;
    let other = Scene {
        incident: second,
        ..scene
    };
    other
        .import(
            &house,
            &list(1, "name").replace("person0@example.org", "ann@home.example"),
        )
        .await;
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let form = "/console/helpline/call";
    let call = |reference: &str, incident: &str| {
        let fields = [
            ("reference", reference),
            ("incident", incident),
            ("text", "They ask what happened."),
            ("then", "open"),
        ];
        ben.submit(form, form, &fields)
    };
    let several = call("ann@home.example", "");
    assert_eq!(several.status, 422);
    assert!(
        several.body.contains("found in several incidents"),
        "{}",
        several.body
    );
    assert!(
        several.body.contains("Second theft") && several.body.contains("They ask what happened.")
    );
    for incident in [scene.incident, second] {
        let logged = call("ann@home.example", &incident.to_string());
        assert_eq!(logged.status, 303, "{}", logged.body);
        let of = format!(
            "select count(*) from ticket where incident_id = '{}' and person_id is not null",
            incident.uuid()
        );
        assert_eq!(house.number(&of).await, 1);
    }
    // Found in one incident only, no choice is needed; not found at all, one is.
    assert_eq!(call("R-1", "").status, 303);
    let unknown = call("", "");
    assert_eq!(unknown.status, 422);
    assert!(
        unknown
            .body
            .contains("Choose the incident that the call is about")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_where_an_answer_went() {
    let (house, site, scene) = open(&row("R-1", "", "name", "")).await;
    let (ann, _) = person(&house, &scene, "R-1").await;
    intake::ask(&house.app, scene.incident, ann, "", "Hello?")
        .await
        .unwrap();
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let taken = ben.submit("/console/helpline", "/console/helpline/next", &[]);
    let seen = ben.answer(taken.header("location"));
    assert!(
        seen.contains(
            "where nobody but staff can read it: no e-mail address of theirs may be used"
        ),
        "{seen}"
    );
    assert!(!seen.contains("on its way"));
    let fields = [("text", "They did not say who they are."), ("then", "open")];
    let logged = ben.submit("/console/helpline/call", "/console/helpline/call", &fields);
    let ticket = logged.goal();
    let seen = ben.answer(&ticket);
    assert!(
        seen.contains("No person is connected to it, so that nothing is sent"),
        "{seen}"
    );
}
