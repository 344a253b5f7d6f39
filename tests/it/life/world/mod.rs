//! The real system on which a history acts: two senders, a relay that answers by address, one incident at a time.

mod campaigns;
mod end;
mod lists;
mod look;
mod pages;
mod post;

use std::collections::HashMap;
use std::time::Duration;

use candor::id::{CampaignId, IncidentId, PersonId, PostalId, TemplateId};
use candor::incident::{Facts, IncidentState, steer};
use candor::shutdown::Shutdown;
use candor::worker;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Statement};

use self::campaigns::relay;
use crate::client::{Browser, Site};
use crate::house::House;
use crate::people::Scene;

/// The text that names the exposed elements, and the text for people who are not affected.
const NAMES: &str = "Reference {{ reference }}. Taken: {{ elements }} END.\n\n{{ status_link }}";
const NOTHING: &str = "Reference {{ reference }}. You are not affected.\n\n{{ status_link }}";

/// Senders that poll rarely leave more processor time to the acts.
const SETTINGS: &str =
    "[http]\npublic_url = \"https://sundmere.example\"\n[mail]\npoll_milliseconds = 150";

/// The work that the senders of an incident still have at $2.
const DUE: &str = "select (select count(*) from batch b join campaign c on c.id = b.campaign_id
        where c.incident_id = $1 and b.status <> 'done' and (c.status = 'cancelled'
            or c.status = 'sending' and (b.status = 'leased' or b.due_at <= $2)))
    + (select count(*) from campaign_freeze f join campaign c on c.id = f.campaign_id
        where c.incident_id = $1 and not f.done and c.status = 'sending')";
/// Buckets with people who are not yet in a campaign of the incident.
const UNFROZEN: &str =
    "select count(*) from campaign_freeze f join campaign c on c.id = f.campaign_id
    where c.incident_id = $1 and not f.done and $2::timestamptz is not null";

/// A list of letters, with the codes that are printed in them, by reference.
struct Taken {
    id: PostalId,
    codes: HashMap<String, String>,
}

pub struct World {
    house: House,
    site: Site,
    /// A client that reads pages with the cookie of their person's device.
    reader: Browser,
    raw: Client,
    due: Statement,
    unfrozen: Statement,
    scene: Scene,
    names: TemplateId,
    nothing: TemplateId,
    slug: String,
    /// The list version that was read last.
    version: i32,
    people: HashMap<String, PersonId>,
    /// The cookies of devices on which people opened their details.
    sessions: HashMap<String, String>,
    campaigns: Vec<CampaignId>,
    batches: Vec<Taken>,
    incidents: u32,
    senders: Shutdown,
}

impl World {
    pub async fn new() -> Self {
        let house = House::with(SETTINGS).await;
        house.mail.answer_by(relay());
        let scene = Scene::new(&house).await;
        let names = scene.template(&house, "names", NAMES).await;
        let nothing = scene.template(&house, "nothing", NOTHING).await;
        let senders = Shutdown::new();
        for _ in 0..2 {
            worker::start(&house.app, house.routes(2), &senders);
        }
        let raw = house.raw().await;
        let site = Site::open(&house.app).await;
        Self {
            due: raw.prepare(DUE).await.unwrap(),
            unfrozen: raw.prepare(UNFROZEN).await.unwrap(),
            reader: site.browser(),
            site,
            raw,
            house,
            scene,
            names,
            nothing,
            slug: String::new(),
            version: 0,
            people: HashMap::new(),
            sessions: HashMap::new(),
            campaigns: Vec::new(),
            batches: Vec::new(),
            incidents: 0,
            senders,
        }
    }

    /// Another incident, for the next history.
    pub async fn again(mut self, seed: u64) -> Self {
        self.incidents += 1;
        self.slug = format!("history-{seed}-{}", self.incidents);
        let (app, by) = (&self.house.app, self.scene.comms);
        let opened = steer::open(app, by, &self.slug, "Theft of data", &Facts::new()).await;
        let opened = opened.unwrap();
        self.scene.incident = opened.id;
        self.move_on(IncidentState::Confirmed).await.unwrap();
        self.people.clear();
        self.sessions.clear();
        self.campaigns.clear();
        self.batches.clear();
        self
    }

    /// The number of incidents so far.
    pub fn incidents(&self) -> u32 {
        self.incidents
    }

    fn incident(&self) -> IncidentId {
        self.scene.incident
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.house.app.now()
    }

    pub fn advance(&self, by: TimeDelta) {
        self.house.app.clock.advance(by);
    }

    async fn until_zero(&self, count: &Statement) {
        let incident = self.incident().uuid();
        for _ in 0..10_000 {
            let row = self.raw.query_one(count, &[&incident, &self.now()]).await;
            if row.unwrap().get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
        panic!("after a minute something is still due");
    }

    /// Waits until the senders have no work.
    pub async fn until_idle(&self) {
        self.until_zero(&self.due).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.senders.leave();
    }
}
