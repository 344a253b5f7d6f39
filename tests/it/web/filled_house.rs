//! A house with content on every page.

use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::id::PersonId;
use candor::incident::{Facts, steer};
use candor::link::StatusLink;
use candor::postal::{PostalKind, take};
use candor::scope::ScopeMode;
use candor::staff::StaffRole;
use candor::ticket::agent::{self, Seen};
use candor::ticket::{Then, TicketStatus, intake};
use chrono::TimeDelta;

use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;

/// The house, and the values that must outlive the test.
pub struct Filled {
    pub house: House,
    /// Its comms team and incident.
    #[expect(dead_code, reason = "it keeps what the house was filled with")]
    pub scene: Scene,
    /// The page of one person.
    pub status: String,
    _mail: Scratch,
}

/// An incident with campaigns in several states, two lists, refused rows, postal letters and tickets; an empty
/// incident; and messages in a folder.
pub async fn filled() -> Filled {
    let mail = Scratch::new();
    let relay = format!(
        "[[mail.relays]]\nname = \"folder\"\nurl = \"file://{}\"\n",
        mail.path().display()
    );
    let house = House::with(&relay).await;
    let scene = Scene::new(&house).await;
    let mut people = "reference,email,name,locale,jurisdiction,elements,address\n".to_owned();
    for n in 0..4 {
        people +=
            &format!("R-0000{n},person{n}@example.org,Person {n},en,US-WA,name;ssn,1 Main St\n");
    }
    people += "R-post,,Post Person,en,US-WA,name;phone,2 Main St\n";
    scene.import(&house, &people).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let text = "We are checking what was taken.";
    let kind = candor::incident::UpdateKind::Known;
    steer::publish(&house.app, scene.comms, scene.incident, kind, text, None)
        .await
        .unwrap();
    // A draft with refused rows, and a campaign that waits.
    let worse =
        "reference,email,elements\nR-00000,person0@example.org,name;ssn;phone\nR-9,nowhere,none\n";
    scene.read(&house, ScopeMode::Delta, worse).await;
    let draft = (CampaignKind::Supplement, UncertainPolicy::Resend);
    scene.draft(&house, draft.0, draft.1).await;
    take::take(
        &house.app,
        scene.comms,
        scene.incident,
        PostalKind::Letter,
        crate::postal::REHEARSAL,
    )
    .await
    .unwrap();
    steer::open(
        &house.app,
        scene.comms,
        "second",
        "A second one",
        &Facts::new(),
    )
    .await
    .unwrap();
    let person = tickets(&house, &scene).await;
    let epoch = 0;
    let link = StatusLink { person, epoch };
    let status = format!("/s/{}", link.token(&house.app.keys));
    Filled {
        house,
        scene,
        status,
        _mail: mail,
    }
}

/// One ticket in the queue, one assigned to an agent, one on hold, one solved.
async fn tickets(house: &House, scene: &Scene) -> PersonId {
    let app = &house.app;
    let agent = house.staff(&["agent"]).await;
    let people = house.people().await;
    let hold = Then::to(TicketStatus::OnHold)
        .because("the bank's answer")
        .review(app.now() + TimeDelta::days(1));
    let ends = [
        None,
        Some(Then::to(TicketStatus::Open)),
        Some(hold),
        Some(Then::solved()),
    ];
    for (person, end) in people.iter().zip(ends) {
        let asked = intake::ask(app, scene.incident, *person, "", "What was taken of mine?").await;
        let ticket = asked.unwrap().ticket().clone();
        let Some(then) = end else { continue };
        let opened = Then::to(TicketStatus::Open);
        let by = candor::actor::Actor::Staff(agent);
        let taken = agent::transition(app, by, ticket.id, ticket.version, &opened)
            .await
            .unwrap();
        if then.to != TicketStatus::Open {
            let seen = Seen::version(taken.version);
            agent::reply(app, agent, ticket.id, seen, "Your name.", &then)
                .await
                .unwrap();
        }
    }
    people[0]
}

/// All roles, one at a time.
pub fn roles() -> impl Iterator<Item = StaffRole> {
    StaffRole::ALL.iter().copied()
}

/// Its web.
pub async fn site(filled: &Filled) -> Site {
    Site::open(&filled.house.app).await
}
