//! Campaigns on the real system, and the messages that relays accepted.

use std::collections::HashMap;

use candor::actor::{Actor, System};
use candor::campaign::audience::Who;
use candor::campaign::error::CampaignError;
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, hold, launch};
use candor::id::{CampaignId, TemplateId};
use candor::link::StatusLink;
use candor::mail::{Letter, Reply};
use candor::seal::Keyring;

use super::super::ELEMENTS;
use super::super::model::person::Codes;
use super::super::model::{Kind, Message, Running, answer};
use super::World;
use crate::people::submitted;

impl World {
    /// Drafts, submits, approves and launches; `false`: the audience is empty. `held`: it is paused before its first
    /// message.
    pub async fn launch(&mut self, kind: Kind, held: bool) -> bool {
        let (app, scene) = (&self.house.app, self.scene);
        let id = self.draft(kind).await.unwrap();
        let hash = match submitted(app, scene.comms, id).await {
            Ok(hash) => hash,
            Err(CampaignError::Nobody(_)) => {
                hold::cancel(app, scene.comms, id).await.unwrap();
                return false;
            }
            Err(other) => panic!("{other:?}"),
        };
        launch::approve(app, scene.approver, id, &hash)
            .await
            .unwrap();
        let system = Actor::System(System::Cli);
        if held {
            hold::stop_everything(app, system).await.unwrap();
        }
        launch::launch(app, scene.comms, id).await.unwrap();
        if held {
            self.until_zero(&self.unfrozen).await;
            hold::pause(app, Actor::Staff(scene.comms), id, None)
                .await
                .unwrap();
            hold::start_again(app, system).await.unwrap();
        }
        self.campaigns.push(id);
        true
    }

    async fn draft(&self, kind: Kind) -> Result<CampaignId, CampaignError> {
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
        launch::create(&self.house.app, self.scene.comms, &new).await
    }

    /// A campaign of an incident that is over cannot be drafted, or not submitted.
    pub async fn cannot_be_submitted(&self, kind: Kind) {
        let app = &self.house.app;
        let why = match self.draft(kind).await {
            Ok(id) => launch::submit(app, self.scene.comms, id).await.err(),
            Err(why) => Some(why),
        };
        let over = matches!(
            why,
            Some(CampaignError::State(_) | CampaignError::Forgotten)
        );
        assert!(over, "{why:?}");
    }

    /// Kind, audience and text of a campaign.
    pub fn words(&self, kind: Kind) -> (CampaignKind, Who, TemplateId) {
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
}

/// The relay's answer by the address and by how often it saw the message.
pub fn relay() -> impl FnMut(&Letter) -> Option<Reply> + Send + 'static {
    let mut seen: HashMap<String, u32> = HashMap::new();
    move |letter| {
        let attempt = seen.entry(letter.message_id.clone()).or_default();
        *attempt += 1;
        match answer(letter.recipient.as_str(), *attempt) {
            "full" => Some(Reply::heard(552, "5.2.2 over quota", None)),
            "refused" => Some(Reply::heard(550, "5.1.1 no such user", None)),
            "deferred" => Some(Reply::heard(451, "4.2.1 mailbox is busy", None)),
            "uncertain" => Some(Reply::Unknown {
                why: "the connection was lost".to_owned(),
            }),
            _ => None,
        }
    }
}

/// The elements that a list of words names.
pub fn named_in(words: &str) -> Codes {
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

/// Reads a message as its recipient does, from the text part.
pub fn message(letter: &Letter, keys: &Keyring) -> Message {
    let raw = String::from_utf8_lossy(&letter.raw).replace("=\r\n", "");
    let text = raw.replace("\r\n", " ");
    let between = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        rest.split_once(to)
            .map(|(found, _)| found.trim().to_owned())
    };
    let taken = between("Taken:", "END").unwrap_or_default();
    let (_, link) = text.split_once("https://sundmere.example/s/").unwrap();
    let link = StatusLink::check(&link[..46], keys).expect("a genuine link");
    Message {
        to: letter.recipient.as_str().to_owned(),
        reference: between("Reference ", ".").unwrap(),
        names: named_in(&taken),
        epoch: link.epoch,
    }
}
