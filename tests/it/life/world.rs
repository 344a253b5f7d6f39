//! The real system as a history acts on it: two senders, a relay that answers by address, one incident at a time.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::audience::Who;
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, hold, launch};
use candor::id::{CampaignId, IncidentId, PostalId, TemplateId};
use candor::incident::{Facts, IncidentState, steer};
use candor::mail::{Letter, Reply};
use candor::notice::account::{account, recount};
use candor::postal::{self, PostalError, PostalKind, Telling};
use candor::scope::consent::Consent;
use candor::scope::import::{Source, import};
use candor::scope::{ScopeMode, activate};
use candor::shutdown::Shutdown;
use candor::{person, worker};
use chrono::TimeDelta;
use tokio_postgres::Client;

use super::model::{Codes, Kind, Listed, Message, Running, answer};
use super::{ELEMENTS, PEOPLE};
use crate::house::House;
use crate::people::Scene;

/// The text that names what was exposed, and the one for people who are not affected.
const NAMES: &str = "Reference {{ reference }}. Taken: {{ elements }} END.\n\n{{ status_link }}";
const NOTHING: &str = "Reference {{ reference }}. You are not affected.\n\n{{ status_link }}";

pub struct World {
    house: House,
    raw: Client,
    scene: Scene,
    names: TemplateId,
    nothing: TemplateId,
    campaigns: Vec<CampaignId>,
    batches: Vec<PostalId>,
    incidents: u32,
    senders: Shutdown,
}

impl World {
    pub async fn new() -> Self {
        let house = House::with("[http]\npublic_url = \"https://sundmere.example\"").await;
        house.mail.answer_by(relay());
        let scene = Scene::new(&house).await;
        let names = scene.template(&house, "names", NAMES).await;
        let nothing = scene.template(&house, "nothing", NOTHING).await;
        let senders = Shutdown::new();
        for _ in 0..2 {
            worker::start(&house.app, house.routes(2), &senders);
        }
        Self {
            raw: house.raw().await,
            house,
            scene,
            names,
            nothing,
            campaigns: Vec::new(),
            batches: Vec::new(),
            incidents: 0,
            senders,
        }
    }

    /// Another incident, for the next history.
    pub async fn again(mut self, seed: u64) -> Self {
        self.incidents += 1;
        let slug = format!("history-{seed}-{}", self.incidents);
        let (app, by) = (&self.house.app, self.scene.comms);
        let opened = steer::open(app, by, &slug, "Theft of data", &Facts::new()).await;
        let opened = opened.unwrap();
        let to = IncidentState::Confirmed;
        steer::move_to(app, by, opened.id, opened.version, to)
            .await
            .unwrap();
        self.scene.incident = opened.id;
        self.campaigns.clear();
        self.batches.clear();
        self
    }

    fn incident(&self) -> IncidentId {
        self.scene.incident
    }

    pub fn advance(&self) {
        self.house.app.clock.advance(TimeDelta::hours(2));
    }

    pub async fn list(&self, list: &BTreeMap<String, Option<Listed>>, full: bool, flags: bool) {
        let mut csv = "reference,email,elements".to_owned();
        csv += if flags { ",flags\n" } else { "\n" };
        for (reference, row) in list {
            let (email, elements, set) = match row {
                Some(row) => (
                    row.email.clone().unwrap_or_default(),
                    joined(&row.elements),
                    row.flags.iter().copied().collect::<Vec<_>>().join(";"),
                ),
                None => (String::new(), String::new(), "retract".to_owned()),
            };
            csv += &format!("{reference},{email},{elements}");
            csv += &if flags {
                format!(",{set}\n")
            } else {
                "\n".to_owned()
            };
        }
        let mode = if full {
            ScopeMode::Full
        } else {
            ScopeMode::Delta
        };
        let (app, by) = (&self.house.app, self.scene.comms);
        let source = Source::File(Cursor::new(csv.into_bytes()));
        let imported = import(app, by, self.incident(), mode, source, |_| {}).await;
        let imported = imported.unwrap();
        assert_eq!(imported.rejected, 0);
        let version = imported.version;
        activate::activate(app, by, self.incident(), version, Consent::Given)
            .await
            .unwrap();
    }

    /// Drafts, submits, approves and launches; `false`: nobody is in the audience. `held`: it is paused before its
    /// first message.
    pub async fn launch(&mut self, kind: Kind, held: bool) -> bool {
        let (app, scene) = (&self.house.app, self.scene);
        let (kind, who, template) = self.words(kind);
        let new = NewCampaign {
            incident: self.incident(),
            template,
            template_version: 1,
            kind,
            audience: Audience {
                who: Some(who),
                ..Audience::default()
            },
            limits: Limits::default(),
            on_uncertain: UncertainPolicy::Resend,
        };
        let id = launch::create(app, scene.comms, &new).await.unwrap();
        let hash = match launch::submit(app, scene.comms, id).await {
            Ok(hash) => hash,
            Err(launch::CampaignError::Nobody(_)) => {
                hold::cancel(app, scene.comms, id).await.unwrap();
                return false;
            }
            Err(other) => panic!("{other:?}"),
        };
        launch::approve(app, scene.approver, id, &hash)
            .await
            .unwrap();
        let system = Actor::System("test");
        if held {
            hold::stop_everything(app, system).await.unwrap();
        }
        launch::launch(app, scene.comms, id).await.unwrap();
        if held {
            let unfrozen = "select count(*) from campaign_freeze where not done";
            self.until_zero(unfrozen).await;
            hold::pause(app, Actor::Staff(scene.comms), id, None)
                .await
                .unwrap();
            hold::start_again(app, system).await.unwrap();
        }
        self.campaigns.push(id);
        true
    }

    fn words(&self, kind: Kind) -> (CampaignKind, Who, TemplateId) {
        match kind {
            Kind::Initial => (CampaignKind::Initial, Who::ToldNothing, self.names),
            Kind::Supplement => (CampaignKind::Supplement, Who::OwedMore, self.names),
            Kind::ToldWrongly => (CampaignKind::Correction, Who::OverTold, self.names),
            Kind::Retracted => (
                CampaignKind::Correction,
                Who::RetractedAfterNotice,
                self.nothing,
            ),
        }
    }

    pub async fn steer(&self, campaign: usize, to: Running) {
        let (app, by, id) = (&self.house.app, self.scene.comms, self.campaigns[campaign]);
        match to {
            Running::Sending => hold::resume(app, by, id).await.unwrap(),
            _ => hold::pause(app, Actor::Staff(by), id, None).await.unwrap(),
        }
    }

    pub async fn cancel(&self, campaign: usize) {
        let (app, by) = (&self.house.app, self.scene.comms);
        hold::cancel(app, by, self.campaigns[campaign])
            .await
            .unwrap();
    }

    /// What the letter list says: who is on it, and what each letter names.
    pub async fn take_letters(&mut self) -> BTreeMap<String, Codes> {
        let (app, by) = (&self.house.app, self.scene.comms);
        let taken = postal::list::export(app, by, self.incident(), PostalKind::Letter, false).await;
        let mut letters = match taken {
            Ok(letters) => letters,
            Err(PostalError::Nobody | PostalError::Waiting { .. }) => return BTreeMap::new(),
            Err(other) => panic!("{other:?}"),
        };
        let mut file = Vec::new();
        while let Some(piece) = letters.next().await.unwrap() {
            file.extend(piece);
        }
        self.batches.push(letters.batch.id);
        let mut rows = csv::Reader::from_reader(file.as_slice());
        let head = rows.headers().unwrap().clone();
        let column = |name| head.iter().position(|column| column == name).unwrap();
        let (reference, elements) = (column("reference"), column("elements"));
        rows.records()
            .map(|row| row.unwrap())
            .map(|row| (row[reference].to_owned(), named_in(&row[elements])))
            .collect()
    }

    pub async fn post(&self, batch: usize) {
        let (app, by) = (&self.house.app, self.scene.comms);
        let today = app.now().date_naive();
        let mut done = postal::post::Done::posted(today);
        let recorded = postal::post::record(app, by, self.batches[batch], &done).await;
        // Letters to people whom a flag now protects, or who left the scope, were posted all the same.
        if let Err(PostalError::Unconfirmed { questions }) = &recorded {
            done.confirmed = postal::consent::yes_to(questions);
            let recorded = postal::post::record(app, by, self.batches[batch], &done).await;
            recorded.unwrap();
            return;
        }
        recorded.unwrap();
    }

    pub async fn give_back(&self, batch: usize, reference: &str) {
        let (app, by, id) = (&self.house.app, self.scene.comms, self.batches[batch]);
        let file = format!("reference,reason\n{reference},moved away\n");
        let slips = postal::slips::read(file.as_bytes()).unwrap();
        let recorded = postal::returned::returned(app, by, self.incident(), Some(id), slips);
        let recorded = recorded.await.unwrap();
        assert_eq!((recorded.returned, recorded.refused), (1, Vec::new()));
    }

    pub async fn tell_otherwise(&self, reference: &str) {
        let (app, by) = (&self.house.app, self.scene.comms);
        let how = Telling::new(postal::How::Phone, "a sister").unwrap();
        let today = app.now().date_naive();
        postal::told::told(app, by, self.incident(), reference, today, &how)
            .await
            .unwrap();
    }

    async fn until_zero(&self, count: &str) {
        for _ in 0..20_000 {
            let row = self.raw.query_one(count, &[]).await.unwrap();
            if row.get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        panic!("after a minute still not 0: {count}");
    }

    /// Waits until the senders have nothing to do.
    pub async fn until_idle(&self) {
        let now = self.house.app.now().to_rfc3339();
        let due = format!(
            "select (select count(*) from batch b join campaign c on c.id = b.campaign_id
                where b.status <> 'done' and (c.status = 'cancelled'
                    or c.status = 'sending' and (b.status = 'leased' or b.due_at <= '{now}')))
            + (select count(*) from campaign_freeze f join campaign c on c.id = f.campaign_id
                where not f.done and c.status = 'sending')"
        );
        self.until_zero(&due).await;
    }

    pub fn take_sent(&self) -> Vec<Message> {
        let mut sent: Vec<_> = self.house.mail.take_sent().iter().map(message).collect();
        sent.sort();
        sent
    }

    pub async fn standings(&self) -> BTreeMap<String, &'static str> {
        let mut conn = self.house.app.db.get().await.unwrap();
        let incident = person_key(&mut conn, &self.house, self.incident()).await;
        let mut standings = BTreeMap::new();
        for n in 0..PEOPLE {
            let reference = format!("r{n}");
            let found =
                person::store::find_by_reference(&mut conn, &incident, self.incident(), &reference);
            let found = found.await.unwrap();
            standings.extend(found.first().map(|p| (reference, p.standing.as_str())));
        }
        standings
    }

    pub async fn account(&self) -> (BTreeMap<&'static str, i64>, i64) {
        let mut conn = self.house.app.db.get().await.unwrap();
        let books = account(&mut conn, self.incident()).await.unwrap();
        assert_eq!(books.unexplained, 0);
        let (post, otherwise) = (books.notified_by_post, books.notified_otherwise);
        let each = [
            ("notified", books.notified - post - otherwise),
            ("notified_by_post", post),
            ("notified_otherwise", otherwise),
            ("in_progress", books.in_progress),
            ("needs_letter", books.needs_letter),
            ("withheld", books.withheld),
        ];
        let some = each.into_iter().filter(|(_, n)| *n > 0);
        (some.collect(), books.unnotified_elements)
    }

    pub async fn count_audience(&self, kind: Kind) -> i64 {
        let (kind, who, _) = self.words(kind);
        let audience = Audience {
            who: Some(who),
            ..Audience::default()
        };
        let mut conn = self.house.app.db.get().await.unwrap();
        let filter = audience.filter(kind);
        person::store::count_audience(&mut conn, self.incident(), &filter)
            .await
            .unwrap()
            .mailable
    }

    pub async fn recount(&self) {
        let differ = recount::books(&self.house.app, self.incident())
            .await
            .unwrap();
        assert_eq!(differ, []);
    }

    /// Ends what is still open, so that nothing of it reaches into the next history.
    pub async fn end(&self) {
        for n in 0..self.campaigns.len() {
            let (app, by) = (&self.house.app, self.scene.comms);
            // It may be over.
            let _ = hold::cancel(app, by, self.campaigns[n]).await;
        }
        self.until_idle().await;
        self.recount().await;
        self.take_sent();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.senders.leave();
    }
}

async fn person_key(
    conn: &mut candor::db::Conn,
    house: &House,
    incident: IncidentId,
) -> candor::seal::IncidentKey {
    let found = candor::incident::store::find(conn, incident).await.unwrap();
    found.key(&house.app.keys).unwrap().unwrap()
}

fn joined(codes: &Codes) -> String {
    codes.iter().copied().collect::<Vec<_>>().join(";")
}

/// A relay that answers by address and by how often it saw the message.
fn relay() -> impl FnMut(&Letter) -> Option<Reply> + Send + 'static {
    let mut seen: HashMap<String, u32> = HashMap::new();
    move |letter| {
        let attempt = seen.entry(letter.message_id.clone()).or_default();
        *attempt += 1;
        match answer(letter.recipient.as_str(), *attempt) {
            "refused" => Some(Reply::heard(550, "5.1.1 no such user", None)),
            "deferred" => Some(Reply::heard(451, "4.2.1 mailbox is busy", None)),
            "uncertain" => Some(Reply::Unknown {
                why: "the connection was lost".to_owned(),
            }),
            _ => None,
        }
    }
}

/// The elements whose words stand in a list.
fn named_in(words: &str) -> Codes {
    const WORDS: [&str; 4] = [
        "name",
        "phone number",
        "Social Security number",
        "phone serial number (IMEI)",
    ];
    let listed: Vec<&str> = words
        .split(", ")
        .flat_map(|part| part.split(" and "))
        .collect();
    let each = ELEMENTS.into_iter().zip(WORDS);
    let found: Codes = each
        .filter(|(_, word)| listed.contains(word))
        .map(|(code, _)| code)
        .collect();
    assert!(words.is_empty() || found.len() == listed.len(), "{words}");
    found
}

/// A message read as its reader does, from the text part.
fn message(letter: &Letter) -> Message {
    let raw = String::from_utf8_lossy(&letter.raw).replace("=\r\n", "");
    let text = raw.replace("\r\n", " ");
    let between = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        rest.split_once(to)
            .map(|(found, _)| found.trim().to_owned())
    };
    let taken = between("Taken:", "END").unwrap_or_default();
    Message {
        to: letter.recipient.as_str().to_owned(),
        reference: between("Reference ", ".").unwrap(),
        names: named_in(&taken),
    }
}
