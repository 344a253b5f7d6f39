//! A house in which every list is long: incidents, campaigns in every state, tickets, people with several notices,
//! relays, letter lists.

use std::collections::BTreeMap;

use candor::actor::Actor;
use candor::campaign::{CampaignKind, UncertainPolicy, hold};
use candor::id::{CampaignId, NoticeId, PersonId, TemplateId, TicketId};
use candor::incident::{Facts, IncidentState, UpdateKind, steer};
use candor::link::StatusLink;
use candor::postal::{PostalKind, take};
use candor::scope::ScopeMode;
use candor::staff::StaffRole;
use candor::template::{Variant, Variants, edit};
use candor::ticket::agent::{self, Seen};
use candor::ticket::{Then, TicketStatus, intake};
use chrono::TimeDelta;

use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{BODY, Scene};
use crate::postal::REHEARSAL;

/// How much there is: more of everything than a page may ask statements. `CANDOR_STATEMENTS=full` is what a house has after
/// a year.
#[derive(Clone, Copy)]
struct Size {
    incidents: usize,
    /// People of the first incident.
    people: usize,
    tickets: usize,
    lists: usize,
}

impl Size {
    fn asked() -> Self {
        let full = std::env::var("CANDOR_STATEMENTS").is_ok_and(|size| size == "full");
        let (incidents, people, tickets, lists) = match full {
            true => (30, 40, 60, 10),
            false => (11, 12, 24, 2),
        };
        Self {
            incidents,
            people,
            tickets,
            lists,
        }
    }
}

/// The house, and the values of its addresses.
pub struct Full {
    pub house: House,
    /// Values of each parameter of a path. All are tried.
    pub things: BTreeMap<&'static str, Vec<String>>,
    /// The status link of a person with several notices and tickets.
    pub status: String,
    scenes: Vec<Scene>,
    _mail: Scratch,
}

impl Full {
    /// Fills a house in the database at `url`.
    pub async fn at(url: &str) -> Self {
        let mail = Scratch::new();
        let relay = format!(
            "[[mail.relays]]\nname = \"folder\"\nurl = \"file://{}\"\n",
            mail.path().display()
        );
        let house = House::at(url, &relay).await;
        let scenes = incidents(&house).await;
        told(&house, &scenes).await;
        let people = several_notices(&house, &scenes[0]).await;
        tickets(&house, &scenes[0], &people).await;
        letters(&house, &scenes).await;
        let link = StatusLink {
            person: people[0],
            epoch: 0,
        };
        Self {
            status: link.token(&house.app.keys),
            things: BTreeMap::new(),
            house,
            scenes,
            _mail: mail,
        }
    }

    /// Adds what senders would end: campaigns in every state, and the senders themselves. Nothing is sent after that.
    pub async fn under_way(&mut self) {
        campaigns(&self.house, &self.scenes).await;
        around(&self.house).await;
        self.things = self.addresses().await;
    }

    async fn addresses(&self) -> BTreeMap<&'static str, Vec<String>> {
        let raw = self.house.raw().await;
        let all = async |sql: &str| -> Vec<String> {
            let rows = raw.query(sql, &[]).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        };
        let slugs =
            all("select slug from incident order by slug = 'sundmere' desc, slug limit 8").await;
        let first = "(select id from incident where slug = 'sundmere')";
        // As paths name it.
        let named = |prefix: &str, id: &str| format!("'{prefix}_' || replace({id}::text, '-', '')");
        let ids = async |prefix: &str, id: &str, of: &str| {
            let one = named(prefix, id);
            all(&of.replace("$id", &one)).await
        };
        let campaigns = "select distinct on (status, kind, launched_at is null) $id from campaign
            order by status, kind, launched_at is null, incident_id <> (select id from incident where slug = 'sundmere'), id";
        let people = "select $id from notice group by person_id order by count(*) desc limit 2";
        let templates =
            "select $id from template_version group by template_id order by count(*) desc limit 1";
        let tickets = "select distinct on (status) $id from ticket order by status, id";
        BTreeMap::from([
            ("token", vec![self.status.clone()]),
            ("slug", slugs.clone()),
            ("incident", slugs),
            ("version", all(&format!("select version::text from scope_version where incident_id = {first} order by version")).await),
            ("campaign", ids(CampaignId::PREFIX, "id", campaigns).await),
            ("template", ids(TemplateId::PREFIX, "template_id", templates).await),
            ("notice", ids(NoticeId::PREFIX, "id", "select distinct on (status) $id from notice order by status, id").await),
            ("ticket", ids(TicketId::PREFIX, "id", tickets).await),
            ("number", all("select number from ticket where person_id = (select person_id from ticket group by person_id order by count(*) desc, person_id limit 1)").await),
            ("person", ids(PersonId::PREFIX, "person_id", people).await),
        ])
    }
}

async fn incidents(house: &House) -> Vec<Scene> {
    let app = &house.app;
    let first = Scene::new(house).await;
    let mut scenes = vec![first];
    let facts = || Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
    for n in 1..Size::asked().incidents {
        let (slug, title) = (format!("incident-{n}"), format!("Theft no. {n}"));
        let opened = steer::open(app, first.comms, &slug, &title, &facts()).await;
        let opened = opened.unwrap();
        let to = IncidentState::Confirmed;
        steer::move_to(app, first.comms, opened.id, opened.version, to)
            .await
            .unwrap();
        scenes.push(Scene {
            incident: opened.id,
            ..first
        });
    }
    for scene in &scenes {
        for n in 0..3 {
            let text = format!("What we know, part {n}.");
            steer::publish(
                app,
                scene.comms,
                scene.incident,
                UpdateKind::Known,
                &text,
                None,
            )
            .await
            .unwrap();
        }
    }
    scenes
}

/// A list of people with an address: one without e-mail among them, and one minor.
fn people(of: usize, n: usize, elements: &str) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,elements,address,flags\n".to_owned();
    for i in 0..n {
        csv += &format!(
            "R-{of}-{i:03},person{i}@of{of}.example,Person {i},en,US-WA,{elements},{i} Main St,\n"
        );
    }
    csv += &format!("R-{of}-post,,Post Person,en,US-WA,{elements},2 Main St,\n");
    csv += &format!(
        "R-{of}-minor,m@of{of}.example,Young Person,en,US-CA,{elements},3 Main St,minor\n"
    );
    csv
}

/// In each incident people who were sent a first notice.
async fn told(house: &House, scenes: &[Scene]) {
    for (n, scene) in scenes.iter().enumerate() {
        let size = if n == 0 { Size::asked().people } else { 3 };
        scene.import(house, &people(n, size, "name;ssn")).await;
        scene.launched(house, CampaignKind::Initial).await;
    }
    house.send_all().await;
}

/// In each incident three more campaigns: a draft, one that is approved, one of another state. Half of the lists change
/// after that, which voids approvals.
async fn campaigns(house: &House, scenes: &[Scene]) {
    for (n, scene) in scenes.iter().enumerate() {
        let all = if n == 0 {
            "name;ssn;phone;postal_address;dob;passport"
        } else {
            "name;ssn;phone"
        };
        let listed = if n == 0 {
            "name;ssn;phone;postal_address;dob"
        } else {
            "name;ssn"
        };
        // One person who waits on a list of letters has moved.
        let more = format!(
            "reference,email,name,elements,address\n\
             R-{n}-new,new@of{n}.example,New Person,name,\n\
             R-{n}-000,person0@of{n}.example,Person 0,{all},0 Main St\n\
             R-{n}-post,,Post Person,{listed},99 New Road\n"
        );
        scene.take(house, ScopeMode::Delta, &more).await;
    }
    for (n, scene) in scenes.iter().enumerate() {
        let draft = async |kind| scene.draft(house, kind, UncertainPolicy::Resend).await;
        draft(CampaignKind::Supplement).await;
        let approved = draft(CampaignKind::Initial).await;
        scene.approve(house, approved).await;
        let other = draft(CampaignKind::Supplement).await;
        steer_to(house, scene, other, n % 5).await;
    }
    // What was approved is void where the list changes once more.
    for (n, scene) in scenes.iter().enumerate().filter(|(n, _)| n % 2 == 1) {
        let more =
            format!("reference,email,name,elements\nR-{n}-late,late@of{n}.example,Late,name\n");
        scene.take(house, ScopeMode::Delta, &more).await;
        // And a draft of a list waits, with a refused row.
        let waits =
            "reference,email,name,elements\nR-wait,wait@example.org,W,name\nR-bad,nowhere,B,none\n";
        scene.read(house, ScopeMode::Delta, waits).await;
    }
}

async fn steer_to(house: &House, scene: &Scene, campaign: CampaignId, state: usize) {
    let app = &house.app;
    let by = Actor::Staff(scene.comms);
    match state {
        0 => drop(
            crate::people::submitted(app, scene.comms, campaign)
                .await
                .unwrap(),
        ),
        1 => scene.launch(house, campaign).await,
        2 => {
            scene.launch(house, campaign).await;
            let why = Some("someone said so");
            hold::pause(app, by, campaign, why).await.unwrap();
        }
        3 => {
            scene.launch(house, campaign).await;
            house.freeze_all().await;
            hold::pause(app, by, campaign, Some("again")).await.unwrap();
        }
        _ => {
            scene.launch(house, campaign).await;
            hold::cancel(app, scene.comms, campaign).await.unwrap();
        }
    }
}

/// Gives each person of an incident several notices. The people, those with the most notices first.
async fn several_notices(house: &House, scene: &Scene) -> Vec<PersonId> {
    for elements in [
        "name;ssn;phone",
        "name;ssn;phone;postal_address",
        "name;ssn;phone;postal_address;dob",
    ] {
        scene
            .import(house, &people(0, Size::asked().people, elements))
            .await;
        scene.launched(house, CampaignKind::Supplement).await;
        house.send_all().await;
    }
    let sql = "select n.person_id from notice n join campaign c on c.id = n.campaign_id
               where c.incident_id = (select id from incident where slug = 'sundmere')
               group by n.person_id order by count(*) desc, n.person_id";
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| PersonId::from_uuid(row.get(0)))
        .collect()
}

/// Tickets in all states; the first person has several. Many have long conversations.
async fn tickets(house: &House, scene: &Scene, people: &[PersonId]) {
    let app = &house.app;
    let agent = house.staff(&["agent"]).await;
    let by = Actor::Staff(agent);
    for n in 0..Size::asked().tickets {
        // Each tenth question is of the first person: their earlier tickets are closed by then.
        let person = if n % 10 == 0 {
            people[0]
        } else {
            people[n % people.len()]
        };
        let asked = intake::ask(
            app,
            scene.incident,
            person,
            "",
            &format!("Is there fraud with my card? ({n})"),
        )
        .await;
        let ticket = asked.unwrap().ticket().clone();
        if n % 5 == 4 {
            continue;
        }
        let opened = Then::to(TicketStatus::Open);
        let Ok(taken) = agent::transition(app, by, ticket.id, ticket.version, &opened).await else {
            continue;
        };
        let hold = Then::to(TicketStatus::OnHold)
            .because("the bank's answer")
            .review(app.now() + TimeDelta::days(1));
        let then = match n % 5 {
            0 => Then::solved(),
            1 => Then::to(TicketStatus::Open),
            2 => hold,
            _ => Then::to(TicketStatus::Pending),
        };
        let seen = Seen::version(taken.version);
        let said = agent::reply(app, agent, ticket.id, seen, "Your name.", &then).await;
        said.unwrap();
        house.app.clock.advance(TimeDelta::minutes(1));
    }
}

/// Lists of letters: one taken, and several that were posted.
async fn letters(house: &House, scenes: &[Scene]) {
    for scene in &scenes[..Size::asked().lists] {
        let (by, of) = (scene.comms, scene.incident);
        for kind in [PostalKind::Letter, PostalKind::Guardian] {
            let taken = take::take(&house.app, by, of, kind, REHEARSAL).await;
            drop(taken);
        }
    }
    house
        .sql(
            "insert into postal_batch (id, incident_id, kind, state, taken_by, taken_at, people, posted_on, posted_by, posted_at)
             select gen_random_uuid(), i.id, 'letter', 'posted', i.created_by, now(), 3, current_date, i.created_by, now()
             from incident i, generate_series(1, 8)",
        )
        .await;
}

/// Relays of two senders at work, versions of a template, staff and keys.
async fn around(house: &House) {
    let relay = |name: &str, held: &str| {
        format!(
            "{{\"name\": \"{name}\", \"connections\": 4, \"held_until\": {held}, \"why\": \"451\", \"unanswered\": {{\"connections\": 1, \"since\": \"2026-11-01T00:00:00Z\"}}}}"
        )
    };
    let relays = format!(
        "[{}, {}, {}]",
        relay("alpha", "null"),
        relay("beta", "\"2036-01-01T00:00:00Z\""),
        relay("gamma", "null")
    );
    house
        .sql(&format!(
            "insert into sender (id, node, seen_at, relays, campaigns)
             select gen_random_uuid(), 'node-' || n, now() + interval '1 day', '{relays}', '{{}}' from generate_series(1, 3) n"
        ))
        .await;
    let author = house.staff(&["comms"]).await;
    let text = |n: usize| {
        let words = |subject: &str| Variant {
            subject: subject.to_owned(),
            body: format!("{BODY}\n\nVersion {n}."),
        };
        Variants::from([
            ("en".to_owned(), words("Notice")),
            ("fr".to_owned(), words("Avis")),
        ])
    };
    let made = edit::create(&house.app, author, "Of many versions", &text(0))
        .await
        .unwrap();
    for n in 1..8 {
        edit::add_version(&house.app, author, made, &text(n), Some(n as i32))
            .await
            .unwrap();
    }
    for n in 0..30 {
        house
            .staff(&[StaffRole::ALL[n % StaffRole::ALL.len()].as_str()])
            .await;
    }
}

/// Its web, with a few API keys.
pub async fn site(full: &Full) -> Site {
    let site = Site::open(&full.house.app).await;
    for _ in 0..5 {
        site.program(&[StaffRole::Agent]).await;
    }
    site
}
