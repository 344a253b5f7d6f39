//! Typed text is kept, in a real browser: when the database was away (L6), after Enter (L7), after a button of another
//! part of the page (L9). `tests/browser/words.mjs` does the steps, at 1280 and 360 px.

use candor::actor::Actor;
use candor::id::{PersonId, StaffId, TemplateId};
use candor::incident::{Facts, steer};
use candor::link::StatusLink;
use candor::staff::StaffRole::{Agent, Comms};
use candor::template::{Variant, Variants, edit};
use candor::ticket::agent;
use candor::ticket::{Then, TicketStatus, intake};
use serde_json::json;

use crate::client::{PASSWORD, Site};
use crate::database_proxy::Valve;
use crate::house::House;
use crate::mail::did_not_run;
use crate::people::{BODY, Scene, list};
use crate::web::browser::{missing, walk};

/// How often this text was written in tickets, as the program reads them.
async fn said(house: &House, word: &str) -> usize {
    let raw = house.raw().await;
    let rows = raw
        .query("select id from ticket order by id", &[])
        .await
        .unwrap();
    let mut count = 0;
    for row in rows {
        let id = candor::id::TicketId::from_uuid(row.get(0));
        let mut conn = house.app.db.get().await.unwrap();
        let ticket = candor::ticket::store::find(&mut conn, &house.app.keys, id)
            .await
            .unwrap();
        let thread = candor::ticket::store::thread(&mut conn, &house.app.keys, &ticket, 0)
            .await
            .unwrap();
        count += thread
            .iter()
            .filter(|message| {
                message
                    .text
                    .as_deref()
                    .is_some_and(|text| text.contains(word))
            })
            .count();
    }
    count
}

async fn open_ticket(house: &House, scene: &Scene, staff: StaffId, person: PersonId) -> String {
    let asked = intake::ask(&house.app, scene.incident, person, "", "What was taken?").await;
    let ticket = asked.unwrap().ticket().clone();
    let open = Then::to(TicketStatus::Open);
    agent::transition(
        &house.app,
        Actor::Staff(staff),
        ticket.id,
        ticket.version,
        &open,
    )
    .await
    .unwrap();
    format!("/console/tickets/{}", ticket.id)
}

async fn open_incidents(house: &House, scene: &Scene) -> Vec<String> {
    let mut incidents = Vec::new();
    for slug in ["one", "two", "three", "four"] {
        let facts = Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
        steer::open(
            &house.app,
            scene.comms,
            slug,
            &format!("Theft {slug}"),
            &facts,
        )
        .await
        .unwrap();
        incidents.push(format!("/console/incidents/{slug}"));
    }
    incidents
}

async fn template_in_two_languages(house: &House, scene: &Scene) -> TemplateId {
    let text = |words: &str| Variant {
        subject: words.to_owned(),
        body: format!("{words}\n\n{BODY}"),
    };
    let texts = [("en", "English words"), ("es", "Palabras")];
    let texts: Variants = texts
        .map(|(tag, words)| (tag.to_owned(), text(words)))
        .into();
    edit::create(&house.app, scene.comms, "Notice", &texts)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_l7_l9_typed_text_is_kept_in_a_real_browser() {
    let name = "l6_l7_l9_typed_text_is_kept_in_a_real_browser";
    if let Some(missing) = missing() {
        return did_not_run(name, missing);
    }
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let template = template_in_two_languages(&house, &scene).await;
    let people = house.people().await;

    let incidents = open_incidents(&house, &scene).await;

    let valve = Valve::before(house.server());
    let through = house.in_copy(&valve.url, "");
    let site = Site::open(&through.app).await;
    let (mut accounts, mut tickets) = (serde_json::Map::new(), Vec::new());
    for (role, who) in [(Agent, "agent"), (Comms, "comms")] {
        let staff = site.staff(who, &[role]).await;
        let email = staff.email.as_ref().unwrap().as_str().to_owned();
        accounts.insert(
            who.to_owned(),
            json!({ "email": email, "password": PASSWORD }),
        );
        if role == Agent {
            for person in &people[..2] {
                tickets.push(open_ticket(&house, &scene, staff.id, *person).await);
            }
        }
    }
    let epoch = 0;
    let link = StatusLink {
        person: people[2],
        epoch,
    };
    let words = json!({
        "base": site.url, "valve": valve.handle().await, "accounts": accounts, "tickets": tickets,
        "status": format!("/s/{}", link.token(&house.app.keys)),
        "template": format!("/console/templates/{template}"),
        "incidents": incidents,
    });
    println!("{}", walk("words.mjs", words.to_string()).await);
    for (word, times) in [
        ("typed before the outage", 1),
        ("kept by the browser", 1),
        ("asked before the outage", 1),
        ("asked without script", 1),
        ("waits for Enter", 0),
    ] {
        assert_eq!(said(&house, word).await, times, "{word}");
    }
}
