//! What agents and customers read about calls; how a ticket is found, taken and closed.

mod closing;

use candor::element::{self, ElementSet};
use candor::id::{PersonId, StaffId};
use candor::link::StatusLink;
use candor::person::find::{Clue, find};
use candor::staff::StaffRole::{Agent, Comms, Lead};
use candor::ticket::agent::{self, Caller, Seen};
use candor::ticket::intake::{self, Asked};
use candor::ticket::{Then, Ticket, store};

use crate::client::{Browser, Site};
use crate::house::House;
use crate::people::{Scene, list};

const CALL: &str = "/console/helpline/call";
const FIND: &str = "/console/helpline/find";

/// A house with its site and three affected people.
struct Helpline {
    house: House,
    site: Site,
    scene: Scene,
}

impl Helpline {
    async fn open(settings: &str) -> Self {
        let house = House::with(settings).await;
        let site = Site::open(&house.app).await;
        let scene = Scene::new(&house).await;
        scene.import(&house, &list(3, "name;ssn")).await;
        Self { house, site, scene }
    }

    /// A person, and the address of their status page.
    async fn person(&self, n: usize) -> (PersonId, String) {
        let clue = Clue::Reference(format!("R-{n:05}"));
        let found = find(&self.house.app, self.scene.incident, &clue).await;
        let person = &found.unwrap()[0];
        let (id, epoch) = (person.id, person.link_epoch);
        let link = StatusLink { person: id, epoch };
        (id, format!("/s/{}", link.token(&self.house.app.keys)))
    }

    async fn asks(&self, person: PersonId, text: &str) -> Asked {
        let asked = intake::ask(&self.house.app, self.scene.incident, person, "", text);
        asked.await.unwrap()
    }

    async fn calls(&self, by: StaffId, person: Option<PersonId>, verified: bool) -> Ticket {
        let caller = Caller {
            incident: self.scene.incident,
            person,
            locale: "en",
            topic: "",
            verified,
        };
        let opened = agent::open_for_caller(&self.house.app, by, &caller, "Asks about a bank.");
        opened.await.unwrap()
    }

    async fn ticket(&self, of: &Ticket) -> Ticket {
        let mut conn = self.house.app.db.get().await.unwrap();
        store::find(&mut conn, &self.house.app.keys, of.id)
            .await
            .unwrap()
    }

    /// The number of people or tickets that the audit log records as shown.
    async fn shown(&self, action: &str, subject: &str) -> i64 {
        candor::audit::noticed::write(&self.house.app)
            .await
            .unwrap();
        let rows = format!(
            "select coalesce(sum((detail::jsonb->>'rows')::bigint), 0) from audit_event \
             where action = '{action}' and subject = '{subject}'"
        );
        self.house.number(&rows).await
    }
}

fn page(ticket: &Ticket) -> String {
    format!("/console/tickets/{}", ticket.id)
}

/// Sends a form of the ticket's page.
fn act(by: &Browser, ticket: &Ticket, what: &str, fields: &[(&str, &str)]) -> u16 {
    let page = page(ticket);
    by.submit(&page, &format!("{page}/{what}"), fields).status
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_caller_is_found_by_the_number_of_their_ticket() {
    let line = Helpline::open("").await;
    let (ann, _) = line.person(1).await;
    let asked = line.asks(ann, "What was taken?").await.ticket().clone();
    let agent = line.site.signed_in("ben", &[Agent]).await;
    let number = asked.number.as_str().to_lowercase();
    let fields = [("reference", &*number), ("text", "Asks."), ("then", "open")];
    let logged = agent.submit(CALL, CALL, &fields);
    assert_eq!(logged.status, 303, "{}", logged.body);
    let of_ann = format!(
        "select count(*) from ticket where channel = 'phone' and person_id = '{}'",
        ann.uuid()
    );
    assert_eq!(line.house.number(&of_ann).await, 1);
    assert_eq!(line.shown("people.find", "call").await, 1);

    let by = line.house.staff(&["agent"]).await;
    let nobodys = line.calls(by, None, false).await.number;
    let fields = [
        ("reference", nobodys.as_str()),
        ("text", "Asks."),
        ("then", "open"),
    ];
    let refused = agent.submit(CALL, CALL, &fields);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("no person is connected with it"));
    let none = [
        ("reference", "ZZZZ-ZZZZ"),
        ("text", "Asks."),
        ("then", "open"),
    ];
    assert!(
        agent
            .submit(CALL, CALL, &none)
            .body
            .contains("No person matches this")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_ticket_is_found_by_its_number_and_by_the_person_who_asked() {
    let line = Helpline::open("").await;
    let (ann, _) = line.person(1).await;
    let asked = line.asks(ann, "What was taken?").await.ticket().clone();
    let agent = line.site.signed_in("ben", &[Agent]).await;
    let find = |words: &str| agent.submit(FIND, FIND, &[("sought", words)]);
    let number = format!(
        " {} ",
        asked.number.as_str().replace('-', "").to_lowercase()
    );
    let found = find(&number);
    assert_eq!((found.status, found.goal()), (303, page(&asked)));
    for words in ["r-00001", "Person1@example.org"] {
        let found = find(words);
        assert_eq!(found.status, 200, "{words}");
        assert!(found.body.contains(&page(&asked)), "{}", found.body);
        assert!(found.body.contains("One person matches"));
        assert!(
            !found.body.contains("Person 1"),
            "the caller is not verified"
        );
    }
    assert_eq!(line.shown("people.find", "helpline").await, 2);
    assert_eq!(line.shown("tickets.read", "helpline").await, 2);
    let without = find("R-00002");
    assert!(without.body.contains("This person has no ticket"));
    let nobody = find("R-99999").body;
    assert!(nobody.contains("No ticket and no person matches this"));
    assert_eq!(find(" ").status, 422);
    let helpline = agent.get("/console/helpline").body;
    assert!(helpline.contains("action=\"/console/helpline/find\""));
    let comms = line.site.signed_in("cleo", &[Comms]).await;
    assert_eq!(comms.get(FIND).status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_a_code_that_is_missing_or_was_not_asked_for_is_said() {
    let line = Helpline::open("").await;
    let agent = line.site.signed_in("ben", &[Agent]).await;
    let log = |how: &str, code: &str| {
        let fields = [
            ("reference", "R-00001"),
            ("verification", how),
            ("code", code),
            ("text", "Asks about a bank."),
            ("then", "open"),
        ];
        agent.submit(CALL, CALL, &fields)
    };
    let empty = log("notice_code", " ");
    assert_eq!(empty.status, 422);
    assert!(empty.body.contains("Type the code that they read aloud."));
    assert!(
        !empty
            .body
            .contains("No notice and no letter to this person")
    );
    for how in ["", "called_back"] {
        let unused = log(how, "06KD-1CFQ-8C");
        assert_eq!(unused.status, 422, "{how}");
        assert!(unused.body.contains("A code is typed below"));
        assert!(unused.body.contains("06KD-1CFQ-8C") && unused.body.contains("Asks about a bank."));
    }
    assert_eq!(line.house.number("select count(*) from ticket").await, 0);
    assert_eq!(log("", "").status, 303);
}

async fn two_open_calls_block_no_question(line: &Helpline, ann: PersonId) {
    assert!(matches!(
        line.asks(ann, "What was taken?").await,
        Asked::Opened(_)
    ));
    assert!(matches!(
        line.asks(ann, "Is it safe now?").await,
        Asked::Opened(_)
    ));
    let third = line.asks(ann, "And my phone?").await;
    assert!(matches!(&third, Asked::Appended(ticket) if !ticket.is_call()));
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_call_is_told_as_a_call_and_of_an_unverified_caller_only_what_we_wrote() {
    let line = Helpline::open("[helpline]\nopen_tickets = 2").await;
    let (ann, status) = line.person(1).await;
    let by = line.house.staff(&["agent"]).await;
    let verified = line.calls(by, Some(ann), true).await;
    let stranger = line.calls(by, Some(ann), false).await;

    two_open_calls_block_no_question(&line, ann).await;

    let browser = line.site.browser();
    let seen = browser.get(&status).body;
    let name = format!("You called us on 23 November 2026 ({})", verified.number);
    assert!(seen.contains(&name), "{seen}");
    assert!(!seen.contains(stranger.number.as_str()), "{seen}");
    let called = browser.get(&format!("{status}/tickets/{}", verified.number));
    assert!(called.status == 200 && called.body.contains(&name));
    let not_theirs = format!("{status}/tickets/{}", stranger.number);
    assert_eq!(browser.get(&not_theirs).status, 404);

    let ben = line.site.signed_in("ben", &[Lead]).await;
    let seen = ben.get(&page(&stranger)).body;
    assert!(seen.contains("Phone call.") && seen.contains("The caller was not verified"));
    assert!(
        !seen.contains("customer reads"),
        "the customer reads nothing of it"
    );
    let other = format!("{} (call, open)", verified.number);
    assert!(seen.contains(&other), "{seen}");
    assert!(
        ben.get("/console/helpline?status=open")
            .body
            .contains("phone call")
    );

    let then = Then::solved();
    agent::reply(
        &line.house.app,
        by,
        stranger.id,
        Seen::of(&stranger),
        "Call your bank.",
        &then,
    )
    .await
    .unwrap();
    let name = format!(
        "Somebody called us about you on 23 November 2026 ({})",
        stranger.number
    );
    assert!(browser.get(&status).body.contains(&name));
    assert_eq!(browser.get(&not_theirs).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_call_that_was_logged_says_whether_the_caller_was_verified() {
    let line = Helpline::open("").await;
    let agent = line.site.signed_in("ben", &[Agent]).await;
    for (how, verified) in [("called_back", 1), ("", 0)] {
        let fields = [
            ("reference", "R-00001"),
            ("verification", how),
            ("text", "Asks."),
            ("then", "solved"),
        ];
        let logged = agent.submit(CALL, CALL, &fields);
        assert_eq!(logged.status, 303, "{}", logged.body);
        let of = format!(
            "select count(*) from ticket where caller_verified = {}",
            verified == 1
        );
        assert_eq!(line.house.number(&of).await, 1, "{how}");
    }
    let (_, status) = line.person(1).await;
    let seen = line.site.browser().get(&status).body;
    assert_eq!(seen.matches("You called us on").count(), 1, "{seen}");
}

#[test]
fn b8_what_we_say_we_never_ask_for_we_never_ask_for() {
    // The agent asks for the code of a notice on /verify and when a person calls; never when the agent calls the
    // person.
    let never = [
        ("en", "never call you to ask for a code"),
        ("es", "nunca le llamamos para pedirle un código"),
        ("fr", "ne vous appelons jamais pour demander un code"),
        ("de", "rufen Sie nie an, um nach einem Code zu fragen"),
        ("vi", "không bao giờ gọi cho quý vị để hỏi mã"),
        ("zh", "绝不会打电话向您索要任何代码"),
        ("ko", "전화를 걸어 코드를 묻는 일도 없습니다"),
        ("ru", "никогда не звоним, чтобы узнать какой-либо код"),
        ("ar", "ولا نتصل بك أبدًا لنطلب رمزًا"),
    ];
    assert_eq!(never.map(|(locale, _)| locale), element::LOCALES);
    for (locale, words) in never {
        let advice = element::guidance(ElementSet::from_iter([element::Element::Name]), locale);
        assert!(
            advice.iter().any(|one| one.text.contains(words)),
            "{locale}"
        );
    }
}
