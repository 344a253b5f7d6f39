//! Builders: an incident with people in it, a template, a campaign that is under way.

use std::io::Cursor;

use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::{CampaignId, IncidentId, StaffId, TemplateId};
use candor::incident::{Facts, steer};
use candor::scope::consent::Consent;
use candor::scope::import::Source;
use candor::scope::{self, ScopeMode};
use candor::template::{Variant, Variants, edit};

use crate::house::House;

/// A body that uses what every notice needs.
pub const BODY: &str = "Dear {{ name }},\n\nour system was broken into. Taken of yours: {{ elements }}.\n\n\
    {{ guidance }}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}";

/// Two pairs of eyes and an incident.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Writes and launches.
    pub comms: StaffId,
    /// Approves.
    pub approver: StaffId,
    /// The breach.
    pub incident: IncidentId,
}

impl Scene {
    /// An incident without people.
    pub async fn new(house: &House) -> Self {
        let comms = house.staff(&["comms"]).await;
        let approver = house.staff(&["approver"]).await;
        let facts = Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
        let incident = steer::open(&house.app, comms, "sundmere", "Theft of data", &facts)
            .await
            .unwrap()
            .id;
        Self {
            comms,
            approver,
            incident,
        }
    }

    /// Imports a full list and puts it in force.
    pub async fn import(&self, house: &House, csv: &str) -> i32 {
        let reader = Source::File(Cursor::new(csv.to_owned().into_bytes()));
        let imported = scope::import::import(
            &house.app,
            self.comms,
            self.incident,
            ScopeMode::Full,
            reader,
            |_| {},
        )
        .await
        .unwrap();
        scope::activate::activate(
            &house.app,
            self.comms,
            self.incident,
            imported.version,
            Consent::Given,
        )
        .await
        .unwrap();
        imported.version
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
        let name = format!(
            "{kind} {}",
            house.number("select count(*) from template").await
        );
        let template = self.template(house, &name, BODY).await;
        let new = NewCampaign {
            incident: self.incident,
            template,
            template_version: 1,
            kind,
            audience: Audience::default(),
            limits: Limits::default(),
            on_uncertain,
        };
        launch::create(&house.app, self.comms, &new).await.unwrap()
    }

    /// Submits, approves and launches.
    pub async fn launch(&self, house: &House, campaign: CampaignId) {
        let hash = launch::submit(&house.app, self.comms, campaign)
            .await
            .unwrap();
        launch::approve(&house.app, self.approver, campaign, &hash)
            .await
            .unwrap();
        launch::launch(&house.app, self.comms, campaign)
            .await
            .unwrap();
    }

    /// A campaign under way.
    pub async fn launched(&self, house: &House, kind: CampaignKind) -> CampaignId {
        let campaign = self.draft(house, kind, UncertainPolicy::Resend).await;
        self.launch(house, campaign).await;
        campaign
    }
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
