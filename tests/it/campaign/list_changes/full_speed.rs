//! A campaign at full speed while list versions change flags, addresses and elements. More than two seconds after a
//! version comes into force, no message goes to a person it excludes, to a former address, or with elements that are
//! not the person's. One of the two senders is killed on the way; the figures stay exact.
//!
//! `CANDOR_STORM=full` runs the full size, with a version every five seconds; otherwise the test takes some 15 seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignStatus, Limits, UncertainPolicy, launch};
use candor::element::{ElementSet, in_words};
use candor::id::CampaignId;
use candor::scope::ScopeMode;

use super::server::{Got, Server, TAKEN};
use super::{counted, freeze_all, stands};
use crate::house::House;
use crate::people::Scene;
use crate::program::{Program, Running};

/// After a version comes into force, messages may follow the version before it for this long.
const GRACE: Duration = Duration::from_secs(2);
const ELEMENTS: [&str; 3] = ["name;ssn", "name", "name;phone"];
const FORBIDDING: [&str; 3] = ["hold", "protected", "deceased"];

struct Size {
    people: usize,
    changed: usize,
    every: Duration,
    patience: Duration,
}

impl Size {
    fn asked() -> Self {
        let (people, changed, every, patience) = match std::env::var("CANDOR_STORM").as_deref() {
            Ok("full") => (100_000, 5_000, 5_000, 1_800),
            _ => (6_000, 300, 300, 240),
        };
        Self {
            people,
            changed,
            every: Duration::from_millis(every),
            patience: Duration::from_secs(patience),
        }
    }
}

/// A pseudo-random number from a counter (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most as u64) as usize
    }
}

/// What the latest list says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Person {
    /// Index of the flag that forbids writing to the person, if there is one.
    forbidden: Option<usize>,
    retracted: bool,
    /// Which of the person's addresses.
    address: usize,
    elements: usize,
}

impl Person {
    const FIRST: Self = Self {
        forbidden: None,
        retracted: false,
        address: 0,
        elements: 0,
    };

    fn change(&mut self, draw: &mut Draw) {
        match draw.below(5) {
            0 => self.forbidden = self.forbidden.xor(Some(draw.below(FORBIDDING.len()))),
            1 => self.retracted = !self.retracted,
            2 => self.address += 1,
            3 => self.elements = (self.elements + 1) % ELEMENTS.len(),
            _ => {
                self.address += 1;
                self.elements = 0;
            }
        }
    }

    fn row(&self, n: usize) -> String {
        let flags = match (self.retracted, self.forbidden) {
            (true, _) => "retract",
            (false, Some(flag)) => FORBIDDING[flag],
            (false, None) => "",
        };
        format!(
            "R-{n},p{n}.{}@example.org,Person {n},en,{},{flags}\n",
            self.address, ELEMENTS[self.elements]
        )
    }

    /// Why the person may not get this message; `None`: they may.
    fn wrong(&self, address: usize, taken: &str) -> Option<&'static str> {
        let elements = ElementSet::parse(ELEMENTS[self.elements]).unwrap();
        match taken == format!("{}.", in_words(elements, "en")) {
            _ if self.retracted => Some("retracted"),
            _ if self.forbidden.is_some() => Some("forbidden"),
            _ if address != self.address => Some("former address"),
            false => Some("elements"),
            true => None,
        }
    }
}

/// A list version: when its activation began and ended, and what the list says of each person.
struct Version {
    begun: Instant,
    ended: Instant,
    people: Vec<Person>,
}

/// Activates one version after the other until the campaign is over.
async fn change(
    size: &Size,
    house: &House,
    scene: &Scene,
    campaign: CampaignId,
    mut strike: impl FnMut(usize),
) -> Vec<Version> {
    let now = Instant::now();
    let mut versions = vec![Version {
        begun: now,
        ended: now,
        people: vec![Person::FIRST; size.people],
    }];
    let mut draw = Draw(20_261_129);
    while stands(house, campaign).await.0 == CampaignStatus::Sending {
        assert!(now.elapsed() < size.patience, "it does not end");
        let next = Instant::now() + size.every;
        let mut people = versions.last().unwrap().people.clone();
        let mut list = String::from("reference,email,name,locale,elements,flags\n");
        let mut chosen = BTreeSet::new();
        while chosen.len() < size.changed {
            chosen.insert(draw.below(size.people));
        }
        for n in chosen {
            people[n].change(&mut draw);
            list += &people[n].row(n);
        }
        let draft = scene.read(house, ScopeMode::Delta, &list).await;
        let begun = Instant::now();
        scene.activate(house, draft).await;
        let ended = Instant::now();
        versions.push(Version {
            begun,
            ended,
            people,
        });
        strike(versions.len());
        tokio::time::sleep_until(next.into()).await;
    }
    versions
}

/// How long after a version that forbids it came into force a message still left. Zero if the message was right, or if
/// no version that forbids it was in force yet.
fn late(got: &Got, versions: &[Version]) -> Option<(Duration, &'static str)> {
    let local = got.to.split('@').next()?;
    let (n, address) = local.strip_prefix('p')?.split_once('.')?;
    let (n, address): (usize, usize) = (n.parse().ok()?, address.parse().ok()?);
    let begun = versions
        .iter()
        .rposition(|version| version.begun <= got.at)?;
    let wrong = |version: &Version| version.people[n].wrong(address, &got.taken);
    // The last version for which the message was right.
    let right = versions[..=begun]
        .iter()
        .rposition(|version| wrong(version).is_none());
    let first_wrong = right.map_or(0, |right| right + 1);
    let wrong_since = versions[..=begun].get(first_wrong)?;
    let late = got.at.saturating_duration_since(wrong_since.ended);
    Some((late, wrong(wrong_since)?))
}

fn sender(house: &House, server: &Server, name: &str) -> Program {
    Program::of(house)
        .with_relay(name, &format!("smtp://127.0.0.1:{}", server.port), 16)
        .with("CANDOR__MAIL__LEASE_SECONDS", "3")
        .with("CANDOR__MAIL__POLL_MILLISECONDS", "500")
}

async fn launched(house: &House, scene: &Scene) -> CampaignId {
    let body = format!(
        "Dear {{{{ name }}}},\n\n{TAKEN}{{{{ elements }}}}.\n\n{{{{ guidance }}}}\n\nYour page: {{{{ status_link }}}}\n\n\
         Code: {{{{ notice_code }}}}"
    );
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, "initial", &body).await,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let campaign = launch::create(&house.app, scene.comms, &new).await.unwrap();
    scene.launch(house, campaign).await;
    campaign
}

fn first_list(people: usize) -> String {
    let rows: String = (0..people).map(|n| Person::FIRST.row(n)).collect();
    format!("reference,email,name,locale,elements,flags\n{rows}")
}

/// The messages that a version forbade, how long after it each left, and why it forbade them.
fn against_the_list<'a>(
    all: &'a [Got],
    versions: &[Version],
) -> Vec<(&'a Got, (Duration, &'static str))> {
    all.iter()
        .filter_map(|got| Some((got, late(got, versions)?)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_at_full_speed_no_wrong_message_leaves_later_than_two_seconds_after_a_list_came_into_force()
 {
    let size = Size::asked();
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &first_list(size.people)).await;
    let campaign = launched(&house, &scene).await;
    freeze_all(&house).await;
    let server = Server::start().await;
    let programs = ["one", "two"].map(|name| sender(&house, &server, name));
    let began = Instant::now();
    let mut running: Vec<Running> = programs.iter().map(|one| one.start("work")).collect();
    let mut strikes = 0;
    let versions = change(&size, &house, &scene, campaign, |version| {
        if version % 3 == 2 && strikes < 4 && server.accepted() > 0 {
            let victim = strikes % 2;
            strikes += 1;
            let alive = programs[victim].start("work");
            std::mem::replace(&mut running[victim], alive).kill();
        }
    })
    .await;
    let took = began.elapsed();
    running.into_iter().for_each(Running::kill);

    let all = server.got();
    let late = against_the_list(&all, &versions);
    let most = late
        .iter()
        .map(|(_, (late, _))| *late)
        .max()
        .unwrap_or_default();
    let (status, _, left_out) = stands(&house, campaign).await;
    let readdressed = all.iter().filter(|got| !got.to.contains(".0@")).count();
    let forbidden = house
        .number("select count(*) from notice where withheld in ('legal_hold', 'deceased', 'protected_address')")
        .await;
    println!(
        "{} people, {} versions of {} changes, {strikes} kills, {took:?}: {} messages, {readdressed} to new addresses, \
         {forbidden} withheld by flags, {left_out:?}; {} left after a version that forbids them began, the latest \
         {most:?} after it ended",
        size.people,
        versions.len() - 1,
        size.changed,
        all.len(),
        late.len(),
    );
    let too_late: Vec<_> = late.iter().filter(|(_, (late, _))| *late > GRACE).collect();
    assert!(
        too_late.is_empty(),
        "{} were too late: {:?}",
        too_late.len(),
        too_late.first()
    );
    assert_eq!(status, CampaignStatus::Completed);
    assert!(versions.len() > 3, "it was over too soon to show anything");
    assert!(readdressed > 0 && forbidden > 0 && left_out.changed > 0 && strikes > 0);
    counted(&house, &scene).await;
}
