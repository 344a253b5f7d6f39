//! The pages of customers and agents, through HTTP: walk (b) from the question to the answer, real
//! questions kept to the byte, hostile ones shown as what they are.

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
use crate::doors::rows;
use crate::house::House;
use crate::people::{Scene, list};

const QUESTION: &str = "Was my number taken?\r\n\r\n  I mean <b>the phone's</b> & \"mine\". ";
const ANSWER: &str =
    "Yes: your phone number & your Social Security number.\nFreeze your credit first.";

/// A house with its site and `n` affected people.
async fn open(settings: &str, n: usize) -> (House, Site, Scene) {
    let house = House::with(settings).await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
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

/// The letter with these words, sent now; others may leave beside it.
async fn letter_with(house: &House, words: &str) -> Read {
    house.send_all().await;
    let letters = house.mail.take_sent();
    let found = letters
        .iter()
        .map(|letter| read(&letter.raw))
        .find(|letter| letter.text.contains(words));
    found.unwrap_or_else(|| panic!("none of {} letters says {words:?}", letters.len()))
}

/// What stands between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before:?} in {text}"));
    rest.split(after).next().unwrap()
}

fn hidden<'a>(page: &'a Seen, name: &str) -> &'a str {
    between(&page.body, &format!("name=\"{name}\" value=\""), "\"")
}

/// Makes the second step.
async fn unlock(house: &House, browser: &Browser, page: &str, back: &str) {
    let link = page.split("/tickets").next().unwrap();
    let asked = browser.submit(page, &format!("{link}/code"), &[("back", back)]);
    let masked = "We are sending a code to <strong class=\"mono\">p•••@e•••.org</strong>";
    assert!(browser.follow(&asked).body.contains(masked));
    house.send_all().await;
    // The receipt of a question may leave beside it.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_an_answer() {
    let (house, site, scene) = open("", 2).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let status = format!("/s/{}", between(&notice.text, "/s/", "\n").trim());
    let customer = site.browser();

    // The link alone: genuine, and nothing personal.
    let page = customer.get(&status);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("This notice is genuine") && page.body.contains("We last wrote to you")
    );
    for secret in ["Person", "Social Security", "example.org"] {
        assert!(!page.body.contains(secret), "the link alone shows {secret}");
    }
    let nothing = customer.submit(
        &status,
        &format!("{status}/tickets"),
        &[("text", " \n"), ("harm", "yes")],
    );
    assert!(nothing.status == 422 && nothing.body.contains("Please write something first."));
    assert!(nothing.body.contains("checked"));
    let asked = customer.submit(&status, &format!("{status}/tickets"), &[("text", QUESTION)]);
    let page = customer.follow(&asked);
    let number = between(asked.header("location"), "/tickets/", "/").to_owned();
    assert!(page.status == 200 && page.body.contains(&number));

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
    let letter = letter_with(&house, ANSWER).await;
    assert!(letter.text.contains(&format!("{status}/tickets/{number}")));

    // The customer opens it with a code, reads, and writes back.
    let mine = format!("{status}/tickets/{number}");
    let page = customer.get(&mine);
    assert!(page.body.contains("Answered: tell us") && !page.body.contains("Freeze your credit"));
    unlock(&house, &customer, &mine, &format!("/tickets/{number}")).await;
    let page = customer.get(&mine);
    assert!(
        page.body.contains("Freeze your credit first.") && page.body.contains("This did not help")
    );
    let opened = customer.get(&status);
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
    let (_, other) = person(
        &house,
        &scene,
        usize::from(opened.body.contains("Person 0")),
    )
    .await;
    assert!(
        !customer.get(&format!("/s/{other}")).body.contains("Person"),
        "the step opens one person only"
    );
    let back = customer.submit(
        &mine,
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

    // What the agent sends from the page of before is held back, and kept.
    let late = reply("Anything else?", "pending");
    assert!(
        late.status == 409 && late.body.contains("The customer wrote"),
        "{}",
        late.body
    );
    assert!(late.body.contains("Anything else?") && late.body.contains("And my PIN?"));
    let note = agent.submit(
        &ticket,
        &format!("{ticket}/messages"),
        &[("kind", "note"), ("text", "Looks calm.")],
    );
    assert_eq!(note.status, 303);
    assert!(!customer.get(&mine).body.contains("Looks calm."));
    let lead = site.signed_in("lea", &[StaffRole::Lead]).await;
    let page = lead.get(&ticket);
    let to = between(&page.body, "value=\"stf_", "\"");
    let fields = [
        ("to", &*format!("stf_{to}")),
        ("version", hidden(&page, "version")),
    ];
    let given = lead.submit(&ticket, &format!("{ticket}/assign"), &fields);
    assert_eq!(given.status, 303, "{}", given.body);
    let late = customer.submit(&status, &format!("{status}/leave"), &[]);
    assert!(!customer.follow(&late).body.contains("Person"));
    let typed = [("text", "It is still not clear to me.")];
    let locked = customer.submit(&mine, &format!("{mine}/messages"), &typed);
    assert!(locked.status == 403 && locked.body.contains(typed[0].1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_checked_by_its_code_and_a_slip_is_told_from_a_fake() {
    let (house, site, scene) = open("", 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let code = between(&notice.text, "Code: ", "\n").trim().to_owned();
    let browser = site.browser();
    let check = |code: &str| browser.submit("/verify", "/verify", &[("code", code)]);
    let genuine = check(&code.to_lowercase().replace('-', " "));
    assert!(genuine.body.contains("Yes, it is genuine") && genuine.body.contains("Theft of data"));
    assert!(genuine.body.contains("Monday 23 November 2026"));
    let unknown = check("0000-0000-00");
    assert!(unknown.body.contains("do not recognise") && !unknown.body.contains("mistyped"));
    let slip = format!(
        "{}{}",
        &code[..11],
        if code.ends_with('0') { '1' } else { '0' }
    );
    for slip in [slip.as_str(), "", "7F3K", "<script>"] {
        let seen = check(slip);
        assert!(
            seen.status == 200 && seen.body.contains("has a typing mistake"),
            "{slip}"
        );
        assert!(seen.body.contains("missing or mistyped"), "{slip}");
    }
    for (other, words) in [
        ("816650", "Six digits may be a one-time code"),
        ("tjtv-ny8t", "looks like the number of a question"),
    ] {
        let seen = check(other).body;
        assert!(seen.contains(words) && !seen.contains("fake"), "{seen}");
    }
    // It was taken by a relay, whatever became of its state.
    house.sql("update notice set status = 'cancelled'").await;
    assert!(check(&code).body.contains("Yes, it is genuine"));
    house.sql("delete from outcome").await;
    assert!(check(&code).body.contains("do not recognise"));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed_at_leisure_and_right_ones_are_not_counted() {
    let (house, site, scene) = open("", 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let code = between(&notice.text, "Code: ", "\n").trim().to_owned();
    let browser = site.browser();
    let check = |code: &str| browser.submit("/verify", "/verify", &[("code", code)]);
    for _ in 0..40 {
        assert!(check(&code).body.contains("Yes, it is genuine"));
    }
    for _ in 0..30 {
        assert_eq!(check("0000-0000-00").status, 200);
    }
    let late = check(&code);
    assert_eq!((late.status, late.header("retry-after")), (429, "10"));
    house.app.clock.advance(TimeDelta::seconds(10));
    assert!(check(&code).body.contains("Yes, it is genuine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_is_affected() {
    let (house, site, scene) = open("", 1).await;
    let browser = site.browser();
    // The page asks for nothing, and does not say that it does.
    let before = rows(&house).await;
    let seen = browser.get("/find-me").body;
    assert!(
        !seen.contains("<form") && !seen.contains("<input"),
        "{seen}"
    );
    assert!(
        seen.contains("it asks for nothing and looks nothing up"),
        "{seen}"
    );
    assert!(!seen.contains("heck for me"), "{seen}");
    assert_eq!(rows(&house).await, before);

    // Where no code may be sent the page says so, and not why.
    let (_, token) = person(&house, &scene, 0).await;
    house.sql("update person set flags = 16").await;
    let page = format!("/s/{token}");
    let asked = browser.submit(&page, &format!("{page}/code"), &[]);
    let seen = browser.follow(&asked).body;
    assert!(seen.contains("We cannot send you a code by e-mail"));
    assert!(!seen.contains("hold") && !seen.contains("We sent a code"));
    house
        .sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    assert_eq!(browser.get(&page).body, browser.get("/s/forged").body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_public_once_something_was_said_about_it() {
    let (house, site, scene) = open("", 1).await;
    let browser = site.browser();
    assert_eq!(browser.get("/incidents/sundmere").status, 404);
    assert!(browser.get("/").body.contains("There is no incident"));
    let said = "We are checking <what> & \u{1}whose.";
    candor::incident::steer::publish(
        &house.app,
        scene.comms,
        scene.incident,
        candor::incident::UpdateKind::BeingChecked,
        said,
        None,
    )
    .await
    .unwrap();
    for path in ["/", "/incidents/sundmere", "/incidents/sundmere/feed.xml"] {
        let seen = browser.get(path);
        assert!(
            seen.status == 200 && seen.body.contains("We are checking &#60;what&#62;"),
            "{path}: {}",
            seen.body
        );
    }
    let feed = browser.get("/incidents/sundmere/feed.xml");
    assert!(
        feed.header("content-type")
            .starts_with("application/atom+xml")
    );
    assert!(!feed.body.contains('\u{1}'));
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
async fn a_call_becomes_a_ticket_of_whoever_called() {
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
            && nobody.body.contains("Nobody is found")
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

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsals_letters_can_be_read() {
    let folder = std::env::temp_dir().join(format!("candor-outbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let relays = format!(
        "[[mail.relays]]\nname = \"folder\"\nurl = \"file://{}\"",
        folder.display()
    );
    let (house, site, scene) = open(&relays, 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let name = "20261123T090000.000Z-n1@sundmere.example.eml";
    std::fs::write(folder.join(name), &house.mail.sent()[0].raw).unwrap();
    let comms = site.signed_in("cleo", &[StaffRole::Comms]).await;
    assert!(
        comms
            .get("/console/outbox")
            .body
            .contains("Notice of data breach")
    );
    let letter = comms.get(&format!("/console/outbox/{name}"));
    assert!(
        letter.body.contains("Dear Person 0") && letter.body.contains("<iframe sandbox"),
        "{}",
        letter.body
    );
    let html = comms.get(&format!("/console/outbox/{name}/html"));
    assert!(
        html.header("content-security-policy")
            .starts_with("sandbox;")
            && html.body.contains("Person 0")
    );
    for other in ["none.eml", "..%2F..%2Fetc%2Fpasswd", ".eml"] {
        assert_eq!(
            comms.get(&format!("/console/outbox/{other}")).status,
            404,
            "{other}"
        );
    }
    candor::audit::noticed::write(&house.app).await.unwrap();
    let read = |subject: &str, times: u8| {
        format!(
            "select count(*) from audit_event where action = 'outbox.read' and subject = '{subject}'
             and detail::jsonb @> '{{\"times\": {times}, \"rows\": {times}}}'"
        )
    };
    assert_eq!(house.number(&read("list", 1)).await, 1);
    assert_eq!(
        house.number(&read(name, 2)).await,
        1,
        "its text and its HTML"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

fn corpus(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var("CI").is_err(), "{path} is missing");
    println!("{path} is not here: this test did not run");
    None
}

/// Asks all of these, five a person, from several browsers at once; how each was answered.
async fn ask_all(house: &House, site: &Site, scene: &Scene, questions: &[String]) -> Vec<u16> {
    let mut asking = tokio::task::JoinSet::new();
    let hands = 4;
    for hand in 0..hands {
        let mut five = Vec::new();
        for (n, questions) in questions
            .chunks(5)
            .enumerate()
            .filter(|(n, _)| n % hands == hand)
        {
            five.push((n, person(house, scene, n).await.1, questions.to_vec()));
        }
        let browser = site.browser();
        asking.spawn(async move {
            let mut answers = Vec::new();
            for (n, token, questions) in five {
                let status = format!("/s/{token}");
                let csrf = browser.get(&status).csrf().to_owned();
                for (at, text) in questions.iter().enumerate() {
                    let fields = [("csrf", csrf.as_str()), ("text", text.as_str())];
                    let seen = browser.post(&format!("{status}/tickets"), &fields, &[]);
                    answers.push((n * 5 + at, seen.status));
                }
            }
            answers
        });
    }
    let mut answers: Vec<_> = asking.join_all().await.concat();
    answers.sort_unstable();
    answers.into_iter().map(|(_, status)| status).collect()
}

/// What is kept of a person's questions, in the order in which they were asked.
async fn kept(house: &House, scene: &Scene, n: usize) -> Vec<String> {
    let (id, _) = person(house, scene, n).await;
    let mut conn = house.app.db.get().await.unwrap();
    let tickets = store::of_person(&mut conn, &house.app.keys, id)
        .await
        .unwrap();
    let mut words = Vec::new();
    for ticket in tickets.iter().rev() {
        let thread = store::thread(&mut conn, &house.app.keys, ticket, 0)
            .await
            .unwrap();
        assert!(thread.len() == 1 && thread[0].kind == MessageKind::Customer);
        words.push(thread[0].text.clone().unwrap());
    }
    words.sort();
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_real_questions_are_kept_to_the_byte() {
    let Some(file) = corpus("banking77/test.csv") else {
        return;
    };
    let mut reader = csv::Reader::from_path(file).unwrap();
    let questions: Vec<String> = reader
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(questions.len(), 3_080);
    let (house, site, scene) = open("", questions.len().div_ceil(5)).await;
    let answers = ask_all(&house, &site, &scene, &questions).await;
    assert!(answers.iter().all(|status| *status == 303));
    assert_eq!(house.number("select count(*) from ticket").await, 3_080);
    for (n, asked) in questions.chunks(5).enumerate() {
        let mut asked = asked.to_vec();
        asked.sort();
        assert_eq!(kept(&house, &scene, n).await, asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_kept_equal_and_shown_as_words() {
    let Some(file) = corpus("naughty-strings/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut naughty, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    naughty.extend(
        strings
            .into_iter()
            .filter(|string| seen.insert(string.clone())),
    );
    let (house, site, scene) = open("", naughty.len().div_ceil(5)).await;
    let answers = ask_all(&house, &site, &scene, &naughty).await;
    let accepted = |at: usize| match answers[at] {
        303 => true,
        422 => false,
        // Control characters are refused at the door.
        400 if naughty[at].chars().any(char::is_control) => false,
        other => panic!("{:?} was answered with {other}", naughty[at]),
    };
    let refused = (0..naughty.len()).filter(|at| !accepted(*at)).count();
    assert!(
        refused < 10,
        "only what shows nothing is refused, not {refused}"
    );
    let agent = site.signed_in("ben", StaffRole::ALL).await;
    let mut tags = None;
    for (n, asked) in naughty.chunks(5).enumerate() {
        let mut asked: Vec<_> = asked
            .iter()
            .enumerate()
            .filter(|(at, _)| accepted(n * 5 + at))
            .map(|(_, words)| words.clone())
            .collect();
        asked.sort();
        assert_eq!(kept(&house, &scene, n).await, asked);
        // As many tags as with any other words, but for the links to the person's other tickets.
        let (id, _) = person(&house, &scene, n).await;
        let tickets = store::of_person(&mut house.app.db.get().await.unwrap(), &house.app.keys, id)
            .await
            .unwrap();
        for ticket in tickets.iter().filter(|_| tickets.len() > 1) {
            let page = agent.get(&format!("/console/tickets/{}", ticket.id)).body;
            let count = page.matches('<').count() - 4 * tickets.len();
            assert_eq!(*tags.get_or_insert(count), count, "{:?}", ticket.subject);
        }
    }
}
