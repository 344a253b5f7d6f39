//! Builders: an incident with people in it, a template, a running campaign.

use std::collections::BTreeSet;
use std::io::Cursor;

use candor::app::App;
use candor::campaign::error::CampaignError;
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::{CampaignId, IncidentId, PersonId, StaffId, TemplateId};
use candor::incident::{self, Facts, IncidentState, steer};
use candor::link::StatusLink;
use candor::person::contact::reference_key;
use candor::person::find::{Clue, find};
use candor::scope::activate::activate;
use candor::scope::consent::{Confirmed, Consent};
use candor::scope::import::Source;
use candor::scope::{self, ScopeMode};
use candor::seal;
use candor::template::{Variant, Variants, edit};

use crate::client::Site;
use crate::house::House;

/// A body with what every notice needs.
pub const BODY: &str = "Dear {{ name }},\n\nour system was broken into. Taken of yours: {{ elements }}.\n\n\
    {{ guidance }}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}";

/// The same for a correction: its audience includes people who are no longer affected.
const CORRECTION: &str = "Dear {{ name }},\n\nwe were wrong.\n\n{{#if has.any}}\nTaken of yours: {{ elements }}.\n\n\
    {{ guidance }}\n{{/if}}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}";

/// The part of notice `n`'s Message-ID before the @, in SQL.
pub const MESSAGE_OF: &str =
    "left(encode(sha256(uuid_send(n.campaign_id) || uuid_send(n.person_id)), 'hex'), 32)";

/// Two members of staff, since approval needs two, and an incident.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Writes and launches.
    pub comms: StaffId,
    /// Approves.
    pub approver: StaffId,
    /// The incident.
    pub incident: IncidentId,
}

impl Scene {
    /// A house with these settings, an incident without people, and the pages over HTTP.
    pub async fn open(settings: &str) -> (House, Self, Site) {
        let house = House::with(settings).await;
        let scene = Self::new(&house).await;
        let site = Site::open(&house.app).await;
        (house, scene, site)
    }

    /// An incident without people.
    pub async fn new(house: &House) -> Self {
        let comms = house.staff(&["comms"]).await;
        let approver = house.staff(&["approver"]).await;
        let facts = Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
        let incident = steer::open(&house.app, comms, "sundmere", "Theft of data", &facts)
            .await
            .unwrap();
        steer::move_to(
            &house.app,
            comms,
            incident.id,
            incident.version,
            IncidentState::Confirmed,
        )
        .await
        .unwrap();
        let incident = incident.id;
        Self {
            comms,
            approver,
            incident,
        }
    }

    /// Imports a full list and puts it in force.
    pub async fn import(&self, house: &House, csv: &str) -> i32 {
        self.take(house, ScopeMode::Full, csv).await
    }

    /// Imports a list and puts it in force.
    pub async fn take(&self, house: &House, mode: ScopeMode, csv: &str) -> i32 {
        let version = self.read(house, mode, csv).await;
        self.activate(house, version).await;
        version
    }

    /// Puts a draft in force.
    pub async fn activate(&self, house: &House, version: i32) {
        let (app, given) = (&house.app, Consent::Given);
        activate(app, self.comms, self.incident, version, given)
            .await
            .unwrap();
    }

    /// Puts a list with one row in force, in which a reference now names another person.
    pub async fn give_reference_away(&self, house: &House, csv: &str) {
        let version = self.read(house, ScopeMode::Delta, csv).await;
        let another = Confirmed {
            another_person: Some(1),
            told_too_much: Some(1),
            ..Default::default()
        };
        let consent = Consent::Numbers(another);
        activate(&house.app, self.comms, self.incident, version, consent)
            .await
            .unwrap();
    }

    /// Saves the fact sheet and the title.
    pub async fn edit_facts(&self, house: &House, title: &str, facts: &Facts) {
        let mut conn = house.app.db.get().await.unwrap();
        let found = incident::store::find(&mut conn, self.incident).await;
        let version = found.unwrap().version;
        drop(conn);
        steer::edit_facts(&house.app, self.comms, self.incident, version, title, facts)
            .await
            .unwrap();
    }

    /// A person and the path of their status page.
    pub async fn status_page(&self, house: &House, reference: &str) -> (PersonId, String) {
        let clue = Clue::Reference(reference.to_owned());
        let found = find(&house.app, self.incident, &clue).await.unwrap();
        let link = StatusLink {
            person: found[0].id,
            epoch: found[0].link_epoch,
        };
        (found[0].id, format!("/s/{}", link.token(&house.app.keys)))
    }

    /// Imports a list, which stays a draft.
    pub async fn read(&self, house: &House, mode: ScopeMode, csv: &str) -> i32 {
        let reader = Source::File(Cursor::new(csv.to_owned().into_bytes()));
        let imported =
            scope::import::import(&house.app, self.comms, self.incident, mode, reader, |_| {})
                .await
                .unwrap();
        imported.version
    }

    /// References with the prefix `who`, of `n` people of only the first `buckets` buckets: their batches are large.
    pub async fn references(
        &self,
        house: &House,
        who: &str,
        n: usize,
        buckets: i32,
    ) -> Vec<String> {
        let mut conn = house.app.db.get().await.unwrap();
        let incident = incident::store::find(&mut conn, self.incident)
            .await
            .unwrap();
        let key = incident.key(&house.app.keys).unwrap().unwrap();
        let is_near = |reference: &String| seal::bucket(&reference_key(&key, reference)) < buckets;
        let all = (0..).map(|i| format!("{who}-{i}"));
        all.filter(is_near).take(n).collect()
    }

    /// A template with one English text.
    pub async fn template(&self, house: &House, name: &str, body: &str) -> TemplateId {
        let text = Variant {
            subject: "Notice of data breach".to_owned(),
            body: body.to_owned(),
        };
        edit::create(
            &house.app,
            self.comms,
            name,
            &Variants::from([("en".to_owned(), text)]),
        )
        .await
        .unwrap()
    }

    /// A draft.
    pub async fn draft(
        &self,
        house: &House,
        kind: CampaignKind,
        on_uncertain: UncertainPolicy,
    ) -> CampaignId {
        self.draft_to(house, kind, on_uncertain, Audience::default())
            .await
    }

    async fn draft_to(
        &self,
        house: &House,
        kind: CampaignKind,
        on_uncertain: UncertainPolicy,
        audience: Audience,
    ) -> CampaignId {
        let name = format!(
            "{kind} {}",
            house.number("select count(*) from template").await
        );
        let body = match kind {
            CampaignKind::Correction => CORRECTION,
            CampaignKind::Initial | CampaignKind::Supplement => BODY,
        };
        let template = self.template(house, &name, body).await;
        let new = NewCampaign {
            incident: self.incident,
            template,
            template_version: 1,
            kind,
            audience,
            limits: Limits::default(),
            on_uncertain,
        };
        launch::create(&house.app, self.comms, &new).await.unwrap()
    }

    /// An approved first notice.
    pub async fn approved(&self, house: &House) -> CampaignId {
        let kind = CampaignKind::Initial;
        let campaign = self.draft(house, kind, UncertainPolicy::Resend).await;
        self.approve(house, campaign).await;
        campaign
    }

    /// Submits and approves.
    pub async fn approve(&self, house: &House, campaign: CampaignId) {
        let hash = submitted(&house.app, self.comms, campaign).await.unwrap();
        launch::approve(&house.app, self.approver, campaign, &hash)
            .await
            .unwrap();
    }

    /// Submits, approves and launches.
    pub async fn launch(&self, house: &House, campaign: CampaignId) {
        self.approve(house, campaign).await;
        launch::launch(&house.app, self.comms, campaign)
            .await
            .unwrap();
    }

    /// A running campaign to a filtered part of its kind's audience.
    pub async fn launched_to(
        &self,
        house: &House,
        kind: CampaignKind,
        audience: serde_json::Value,
    ) -> CampaignId {
        let audience = serde_json::from_value(audience).unwrap();
        let campaign = self
            .draft_to(house, kind, UncertainPolicy::Resend, audience)
            .await;
        self.launch(house, campaign).await;
        campaign
    }

    /// A running campaign, or `None` if its audience is empty. Readers of German get the English text.
    pub async fn launched_if_anybody(
        &self,
        house: &House,
        kind: CampaignKind,
    ) -> Option<CampaignId> {
        let (app, english) = (&house.app, ["de".to_owned()].into());
        let campaign = self.draft(house, kind, UncertainPolicy::Resend).await;
        let hash = match submitted_with(app, self.comms, campaign, english).await {
            Ok(hash) => hash,
            Err(CampaignError::Nobody(_)) => return None,
            Err(error) => panic!("{error:?}"),
        };
        launch::approve(app, self.approver, campaign, &hash)
            .await
            .unwrap();
        launch::launch(app, self.comms, campaign).await.unwrap();
        Some(campaign)
    }

    /// A running campaign.
    pub async fn launched(&self, house: &House, kind: CampaignKind) -> CampaignId {
        let campaign = self.draft(house, kind, UncertainPolicy::Resend).await;
        self.launch(house, campaign).await;
        campaign
    }
}

/// Submits a campaign; acknowledges only what a correction leaves unsaid, with its numbers.
pub async fn submitted(app: &App, by: StaffId, id: CampaignId) -> Result<String, CampaignError> {
    submitted_with(app, by, id, BTreeSet::new()).await
}

/// The same, with further acknowledgements.
async fn submitted_with(
    app: &App,
    by: StaffId,
    id: CampaignId,
    mut said: BTreeSet<String>,
) -> Result<String, CampaignError> {
    let review = match launch::submit_with(app, by, id, &said).await {
        Err(CampaignError::NotReady(review, _)) => review,
        done => return done,
    };
    let keys = review.acknowledge.iter().map(|one| one.key.clone());
    let unsaid = |key: &String| key.contains(":told-wrongly=") || key.contains(":not-affected=");
    said.extend(keys.filter(unsaid));
    launch::submit_with(app, by, id, &said).await
}

/// The list of three people with a name and a telephone number; for the first two without the number.
pub fn list_of_three_without_phones() -> String {
    (0..2).fold(list(3, "name;phone"), |csv, i| {
        let before = format!("person{i}@example.org,Person {i},en,US-WA,name;phone");
        csv.replace(&before, before.trim_end_matches(";phone"))
    })
}

/// A list of `n` people who all lost these elements.
pub fn list(n: usize, elements: &str) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for i in 0..n {
        csv.push_str(&format!(
            "R-{i:05},person{i}@example.org,Person {i},en,US-WA,{elements}\n"
        ));
    }
    csv
}
