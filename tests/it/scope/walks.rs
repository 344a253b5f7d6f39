//! Random walks through every act that changes a person's standing: lists, campaigns of each kind, bounces, deferrals,
//! unknown ends, cancellations, and at last forgetting. After each step every person is accounted for and every counter
//! equals a recount (P1, P2). At the end, exactly the people with a message that a relay accepted were told.

use std::collections::BTreeSet;

use candor::account::recount::books;
use candor::campaign::CampaignKind;
use candor::campaign::hold::cancel;
use candor::erasure::forget;
use candor::id::CampaignId;
use candor::incident::IncidentState;
use candor::incident::steer::move_to;
use candor::incident::store::find;
use candor::mail::{Letter, Reply};
use candor::scope::ScopeMode;

use super::Desk;
use super::random::{Dice, roll_list, written};
use crate::people::Scene;

const STEPS: u64 = 14;

/// Accepts most messages, and gives the others every answer that a relay may give.
fn moody(mut dice: Dice) -> impl FnMut(&Letter) -> Option<Reply> + Send + 'static {
    move |_| {
        let said = |code, text| Some(Reply::heard(code, text, None));
        match dice.below(10) {
            0 => said(550, "5.1.1 there is no such mailbox"),
            1 | 2 => said(451, "4.2.1 try again later"),
            3 => Some(Reply::Unknown {
                why: "the connection was lost".to_owned(),
            }),
            _ => None,
        }
    }
}

struct Walk {
    desk: Desk,
    scene: Scene,
    dice: Dice,
    open: Vec<CampaignId>,
}

impl Walk {
    async fn new(seed: u64) -> Self {
        let desk = Desk::new().await;
        desk.house.mail.answer_by(moody(Dice::new(seed ^ 0x5EED)));
        let scene = Scene {
            comms: desk.by,
            approver: desk.house.staff(&["approver"]).await,
            incident: desk.incident,
        };
        let found = find(&mut *desk.conn().await, desk.incident).await.unwrap();
        let (app, to) = (&desk.house.app, IncidentState::Confirmed);
        move_to(app, desk.by, desk.incident, found.version, to)
            .await
            .unwrap();
        let dice = Dice::new(seed);
        let open = Vec::new();
        Self {
            desk,
            scene,
            dice,
            open,
        }
    }

    async fn step(&mut self) {
        let house = &self.desk.house;
        match self.dice.below(6) {
            0 | 1 => {
                let list = written(&roll_list(&mut self.dice));
                let mode = [ScopeMode::Full, ScopeMode::Delta][self.dice.below(2) as usize];
                self.desk.take(mode, &list).await;
            }
            2 | 3 => {
                let kinds = [
                    CampaignKind::Initial,
                    CampaignKind::Supplement,
                    CampaignKind::Correction,
                ];
                let kind = kinds[self.dice.below(3) as usize];
                let launched = self.scene.launched_if_anybody(house, kind).await;
                self.open.extend(launched);
            }
            4 => house.send_all().await,
            _ => self.cancel().await,
        }
    }

    /// Cancels a campaign, whatever its state, unless it has completed.
    async fn cancel(&mut self) {
        if let Some(campaign) = self.open.pop() {
            let _ = cancel(&self.desk.house.app, self.desk.by, campaign).await;
        }
    }

    async fn is_exact(&self, when: &str) {
        self.desk.account().await;
        let differ = books(&self.desk.house.app, self.desk.incident).await;
        assert_eq!(differ.unwrap(), [], "{when}");
    }

    /// The references of the people with a message that the relay accepted.
    fn written_to(&self) -> BTreeSet<String> {
        let letters = self.desk.house.mail.sent();
        let reference = |letter: &Letter| {
            let (number, _) = letter.recipient.local().split_once('-').unwrap();
            number.replace('p', "r")
        };
        letters.iter().map(reference).collect()
    }

    async fn told(&self) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        for n in 0..24 {
            let reference = format!("r{n}");
            let person = self.desk.person(&reference).await;
            told.extend(person.filter(|p| p.told.is_some()).map(|_| reference));
        }
        told
    }

    async fn end(mut self, seed: u64) {
        while !self.open.is_empty() {
            self.cancel().await;
        }
        self.desk.house.send_all().await;
        self.is_exact(&format!("seed {seed}, all ended")).await;
        assert_eq!(self.told().await, self.written_to(), "seed {seed}");
        let (app, by, incident) = (&self.desk.house.app, self.desk.by, self.desk.incident);
        let before = self.desk.account().await;
        let over = "update incident set state = 'dismissed'";
        self.desk.house.sql(over).await;
        forget(app, by, incident, "carrier").await.unwrap();
        assert_eq!(self.desk.account().await, before);
        self.is_exact(&format!("seed {seed}, forgotten")).await;
        assert!(self.told().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_any_events_in_any_order_leave_every_person_accounted_for() {
    for seed in [3, 76_000_000, 0xBEEF] {
        let mut walk = Walk::new(seed).await;
        let list = written(&roll_list(&mut walk.dice));
        walk.desk.take(ScopeMode::Full, &list).await;
        for step in 0..STEPS {
            walk.step().await;
            walk.is_exact(&format!("seed {seed}, step {step}")).await;
        }
        walk.end(seed).await;
    }
}
