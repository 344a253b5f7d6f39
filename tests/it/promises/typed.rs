//! P6, personal data is sealed, in what staff type: a day of acts with planted names, then a dump and the files of the
//! server.
//!
//! `CANDOR_NAMES=1000` plants a thousand names; the default is a few.

use std::io::Cursor;
use std::path::Path;

use candor::actor::Actor;
use candor::campaign::{CampaignKind, hold};
use candor::id::TicketId;
use candor::person::find::{Clue, find};
use candor::postal::{How, PostalKind, Telling, list, post, returned, slips, told};
use candor::scope::import::{Source, import};
use candor::scope::{self, ScopeMode};
use candor::staff::StaffRole::{Agent, Comms};
use candor::ticket::agent::{self, Caller, Seen};
use candor::ticket::{Then, TicketStatus, store};
use chrono::TimeDelta;

use super::dumped::{alone, dump, forms, search};
use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::postal::REHEARSAL;

fn name(n: usize) -> String {
    format!("Zoroaster Quetzalcoatl-{n:04}")
}

/// What agents and the comms team type about the `n`th person in a day.
async fn day(house: &House, scene: &Scene, agent: candor::id::StaffId, n: usize) {
    let (app, name) = (&house.app, name(n));
    let clue = Clue::Reference(format!("Q-{n}"));
    let person = find(app, scene.incident, &clue).await.unwrap().remove(0).id;
    let caller = Caller {
        incident: scene.incident,
        person: Some(person),
        locale: "en",
        topic: &name,
        verified: false,
    };
    let called = format!("{name} called and is upset");
    let ticket = agent::open_for_caller(app, agent, &caller, &called)
        .await
        .unwrap();
    let note = agent::note(app, agent, ticket.id, &format!("her brother is {name}"))
        .await
        .unwrap();
    let hold = Then::to(TicketStatus::OnHold)
        .because(format!("waiting for the lawyer of {name}"))
        .review(app.now() + TimeDelta::days(1));
    let by = Actor::Staff(agent);
    let held = agent::transition(app, by, ticket.id, note.version, &hold)
        .await
        .unwrap();
    assert!(held.reason.unwrap().contains(&name), "staff read it");
    let answer = Then::solved().because(format!("{name} agreed"));
    let seen = Seen::version(held.version);
    agent::reply(
        app,
        agent,
        ticket.id,
        seen,
        &format!("Dear {name}"),
        &answer,
    )
    .await
    .unwrap();
    let how = Telling::new(How::Phone, &format!("the son of {name}")).unwrap();
    let today = app.now().date_naive();
    told::told(
        app,
        scene.comms,
        scene.incident,
        &format!("P-{n}"),
        today,
        &how,
    )
    .await
    .unwrap();
}

/// Lists with shifted columns: names stand where elements, jurisdictions and languages belong.
async fn shifted(house: &House, scene: &Scene, names: usize) -> i32 {
    let mut list = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for n in 0..names {
        let name = name(n);
        list.push_str(&format!("S-{n},x{n}@example.org,X,en,US-WA,name;{name}\n"));
        list.push_str(&format!("T-{n},{name},X,{name},{name},{name}\n"));
    }
    let source = Source::File(Cursor::new(list.into_bytes()));
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let read = import(app, by, of, ScopeMode::Delta, source, |_| {})
        .await
        .unwrap();
    assert_eq!(read.rejected, 2 * names as i64);
    read.version
}

/// Three people for each name: with an e-mail address, with a postal letter, and with one that comes back.
fn people(names: usize) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,postcode,elements,address\n".to_owned();
    for n in 0..names {
        csv.push_str(&format!(
            "Q-{n},q{n}@example.org,Q {n},en,US-WA,98101,name;ssn,\n"
        ));
        csv.push_str(&format!(
            "P-{n},,P {n},en,US-WA,98101,name;ssn,{n} Main St\n"
        ));
        csv.push_str(&format!(
            "L-{n},,L {n},en,US-WA,98101,name;ssn,{n} Main St\n"
        ));
    }
    csv
}

/// No planted name is in a dump or in the files of the server.
async fn nothing_is_readable(house: &House, disk: &Path, names: usize) {
    let secrets: Vec<String> = (0..names).map(name).collect();
    let planted: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let dumps = Scratch::new();
    std::fs::write(dumps.path().join("dump"), dump(house)).unwrap();
    assert_ne!(search(dumps.path(), &["sundmere".to_owned()]), "");
    assert_eq!(search(dumps.path(), &planted), "", "in a dump");
    house.sql("checkpoint").await;
    assert_eq!(search(disk, &planted), "", "in the files of the server");
}

/// One of the tickets that were on hold for a reason.
async fn a_ticket(house: &House) -> TicketId {
    let ticket = "select ticket_id from ticket_history where reason_sealed is not null limit 1";
    let ticket = house.raw().await.query_one(ticket, &[]).await.unwrap();
    TicketId::from_uuid(ticket.get(0))
}

/// After forgetting neither the database nor a page has the reason.
async fn reason_is_gone(house: &House, site: &Site, ticket: TicketId) {
    let mut conn = house.app.db.get().await.unwrap();
    let gone = store::find(&mut conn, &house.app.keys, ticket)
        .await
        .unwrap();
    let moves = store::history(&mut conn, &house.app.keys, &gone)
        .await
        .unwrap();
    assert!(gone.reason.is_none() && moves.iter().all(|one| one.reason.is_none()));
    let reader = site.signed_in("reader", &[Agent]).await;
    let shown = reader.get(&format!("/console/tickets/{ticket}")).body;
    assert!(!shown.contains("Quetzalcoatl"));
}

async fn letters_come_back(house: &House, scene: &Scene, names: usize) {
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let slip = |n: usize| {
        slips::slip(
            n,
            &format!("L-{n}"),
            "",
            &format!("moved in with {}", name(n)),
        )
    };
    let back = (0..names).map(|n| Ok(slip(n).unwrap())).collect();
    let recorded = returned::returned(app, by, of, None, back).await.unwrap();
    assert_eq!(recorded.returned, names as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_name_that_staff_typed_is_readable_in_a_dump_or_in_the_files() {
    let names: usize = std::env::var("CANDOR_NAMES").map_or(12, |n| n.parse().unwrap());
    let disk = Scratch::new();
    let public = "[http]\npublic_url = \"https://notice.example\"";
    let (cluster, house) = alone(disk.path(), public).await;
    let site = Site::open(&house.app).await;
    let scene = Scene::new(&house).await;
    let agent = house.staff(&["agent"]).await;
    scene.import(&house, &people(names)).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    for n in 0..names {
        day(&house, &scene, agent, n).await;
        let by = Actor::Staff(scene.comms);
        let why = format!("{} complained", name(n));
        hold::pause(&house.app, by, campaign, Some(&why))
            .await
            .unwrap();
        let page = site.signed_in(&format!("c{n}"), &[Comms]).await;
        if n == 0 {
            let shown = page.get(&format!("/console/campaigns/{campaign}")).body;
            assert!(shown.contains(&why), "staff read it");
        }
        hold::resume(&house.app, scene.comms, campaign)
            .await
            .unwrap();
    }
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let mut letters = list::export(app, by, of, PostalKind::Letter, REHEARSAL)
        .await
        .unwrap();
    while letters.next().await.unwrap().is_some() {}
    let today = app.now().date_naive();
    post::record(app, by, letters.batch.id, &post::Done::posted(today))
        .await
        .unwrap();
    letters_come_back(&house, &scene, names).await;
    let draft = shifted(&house, &scene, names).await;
    let clerk = site.signed_in("clerk", &[Comms]).await;
    let page = clerk
        .get(&format!("/console/incidents/sundmere/scopes/{draft}"))
        .body;
    assert!(page.contains(&name(0)), "staff read what is wrong");

    let ticket = a_ticket(&house).await;
    nothing_is_readable(&house, disk.path(), names).await;

    // Forgetting removes it.
    scope::activate::discard(app, by, of, draft).await.unwrap();
    hold::cancel(app, by, campaign).await.unwrap();
    house.send_all().await;
    house.sql("update incident set state = 'dismissed'").await;
    house.staff(&["admin"]).await;
    let repeated = candor::erasure::forget(app, scene.comms, of, "sundmere").await;
    repeated.unwrap();
    reason_is_gone(&house, &site, ticket).await;
    drop(house);
    cluster.stop().await.unwrap();
}
