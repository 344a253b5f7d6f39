//! What must be true of an incident, in plain memory: people, list versions, campaigns, messages, postal letters,
//! corrections, refusals, flags, pages. It uses no SQL and none of the program's rules; it is written from the promises
//! P1 and P2.

pub mod list;
pub mod page;
pub mod person;
pub mod post;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use self::list::Draft;
use self::person::{Channel, Codes, Person, Told};
use self::post::Batch;

/// A campaign's kind of audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Initial,
    Supplement,
    /// A correction for people who were told of an element that is not theirs.
    ToldWrongly,
    /// A correction for people who were told and are no longer affected.
    Retracted,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self::Initial,
        Self::Supplement,
        Self::ToldWrongly,
        Self::Retracted,
    ];

    pub fn is_for(self, person: &Person) -> bool {
        match self {
            Self::Initial => person.in_scope && person.told.is_none(),
            Self::Supplement => person.in_scope && person.told.is_some() && person.owes(),
            Self::ToldWrongly => person.in_scope && !person.wrong().is_empty(),
            Self::Retracted => !person.in_scope && !person.wrong().is_empty(),
        }
    }

    pub fn replaces(self) -> bool {
        matches!(self, Self::ToldWrongly | Self::Retracted)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    Deferred,
    Sent,
    Bounced,
    Withheld,
    Uncertain,
    Cancelled,
}

impl State {
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Deferred)
    }
}

#[derive(Debug, Clone)]
pub struct Notice {
    pub state: State,
    /// The elements that its text names.
    pub names: Codes,
    pub attempts: u32,
    /// The last attempt with an unknown end, which may have arrived.
    pub maybe: Option<DateTime<Utc>>,
}

impl Notice {
    /// It must not be sent any more.
    fn end(&mut self, otherwise: State) {
        self.state = match self.maybe {
            Some(_) => State::Uncertain,
            None => otherwise,
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    Sending,
    Paused,
    Over,
}

#[derive(Debug, Clone)]
pub struct Campaign {
    pub kind: Kind,
    pub running: Running,
    pub notices: BTreeMap<String, Notice>,
}

/// A message as a relay accepts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub to: String,
    pub reference: String,
    pub names: Codes,
    /// The epoch of its link, which must be the epoch of its person: otherwise the link would be dead.
    pub epoch: i16,
}

/// The figures of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// People in scope by standing.
    pub standings: BTreeMap<&'static str, i64>,
    /// People who were told, and must be told more.
    pub told_too_little: i64,
    /// People who were told of an element that is not theirs, and may be written to.
    pub told_too_much: i64,
}

#[derive(Debug, Clone)]
pub struct Model {
    /// The time.
    pub now: DateTime<Utc>,
    pub people: BTreeMap<String, Person>,
    /// The draft.
    pub draft: Option<Draft>,
    pub campaigns: Vec<Campaign>,
    pub batches: Vec<Batch>,
    /// What relays accepted since the last comparison.
    pub sent: Vec<Message>,
}

/// The reference of a person. The model gives people who lost their reference to another person a name of its own.
pub fn reference_of(name: &str) -> &str {
    name.split('~').next().unwrap_or(name)
}

/// The relay's answer to the n-th attempt of a message to this address.
pub fn answer(address: &str, attempt: u32) -> &'static str {
    match address
        .split('@')
        .next()
        .and_then(|local| local.split('-').nth(1))
    {
        Some("gone") => "refused",
        Some("full") => "full",
        Some("busy") if attempt == 1 => "deferred",
        Some("lost") if attempt == 1 => "uncertain",
        _ => "accepted",
    }
}

impl Model {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            people: BTreeMap::new(),
            draft: None,
            campaigns: Vec::new(),
            batches: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Whether a notice of another campaign may still reach this person.
    fn waits_elsewhere(&self, reference: &str) -> bool {
        self.campaigns.iter().any(|campaign| {
            let notice = campaign.notices.get(reference);
            let waits =
                |notice: &Notice| !notice.state.is_settled() || notice.state == State::Uncertain;
            campaign.running != Running::Over && notice.is_some_and(waits)
        })
    }

    /// Whether this person may have been told more than the model knows: then a finished campaign cannot tell.
    fn may_have_been_told(&self, reference: &str) -> bool {
        let knows = &self.people[reference].knows;
        self.campaigns.iter().any(|campaign| {
            let notice = campaign.notices.get(reference);
            let perhaps = |notice: &Notice| {
                notice.state == State::Uncertain && !notice.names.is_subset(knows)
            };
            let is_over = campaign.running == Running::Over;
            is_over && !campaign.kind.replaces() && notice.is_some_and(perhaps)
        })
    }

    /// The audience of a campaign of this kind, were it launched now.
    pub fn mailable(&self, kind: Kind) -> BTreeSet<String> {
        let meant = self.people.iter().filter(|(reference, person)| {
            kind.is_for(person)
                && person.may_be_written_to()
                && person.has_address()
                && !self.waits_elsewhere(reference)
                && (kind.replaces() || !self.may_have_been_told(reference))
        });
        meant.map(|(reference, _)| reference.clone()).collect()
    }

    pub fn launch(&mut self, kind: Kind, running: Running) {
        let notices = self.mailable(kind).into_iter().map(|reference| {
            let notice = Notice {
                state: State::Queued,
                names: self.people[&reference].exposed(),
                attempts: 0,
                maybe: None,
            };
            (reference, notice)
        });
        let notices = notices.collect();
        self.campaigns.push(Campaign {
            kind,
            running,
            notices,
        });
    }

    /// Time passes; after two hours all deferred notices are due.
    pub fn pass_time(&mut self, by: TimeDelta) {
        self.now += by;
        if by < TimeDelta::hours(2) {
            return;
        }
        for campaign in &mut self.campaigns {
            for notice in campaign.notices.values_mut() {
                if notice.state == State::Deferred {
                    notice.state = State::Queued;
                }
            }
        }
    }

    /// Every due notice is sent.
    pub fn send(&mut self) {
        let mut campaigns = std::mem::take(&mut self.campaigns);
        campaigns.iter_mut().for_each(|campaign| {
            if campaign.running != Running::Sending {
                return;
            }
            for (reference, notice) in &mut campaign.notices {
                if notice.state == State::Queued {
                    self.attempt(campaign.kind, reference, notice);
                }
            }
            let mut states = campaign.notices.values().map(|notice| notice.state);
            if states.all(State::is_settled) {
                campaign.running = Running::Over;
            }
        });
        self.campaigns = campaigns;
    }

    fn attempt(&mut self, kind: Kind, reference: &str, notice: &mut Notice) {
        let person = self
            .people
            .get_mut(reference)
            .expect("a notice has a person");
        let fits =
            kind.is_for(person) && person.may_be_written_to() && notice.names == person.exposed();
        let Some(address) = person.listed.email.clone().filter(|_| fits) else {
            return notice.end(State::Withheld);
        };
        notice.attempts += 1;
        match answer(&address, notice.attempts) {
            "refused" => {
                person.refuse(address, true);
                notice.state = State::Bounced;
            }
            "full" => {
                person.refuse(address, false);
                notice.state = State::Bounced;
            }
            "deferred" => notice.state = State::Deferred,
            "uncertain" => (notice.state, notice.maybe) = (State::Deferred, Some(self.now)),
            _ => {
                notice.state = State::Sent;
                person.tell(Channel::Email, &notice.names, kind.replaces(), false);
                person.emails.push(Told {
                    at: self.now,
                    names: notice.names.clone(),
                });
                self.sent.push(Message {
                    to: address,
                    reference: reference_of(reference).to_owned(),
                    names: notice.names.clone(),
                    epoch: person.epoch,
                });
            }
        }
    }

    pub fn cancel(&mut self, campaign: usize) {
        let campaign = &mut self.campaigns[campaign];
        campaign.running = Running::Over;
        for notice in campaign.notices.values_mut() {
            if !notice.state.is_settled() {
                notice.end(State::Cancelled);
            }
        }
    }

    /// The standing of every person.
    pub fn standings(&self) -> BTreeMap<String, String> {
        let people = self.people.iter();
        people
            .map(|(reference, person)| (reference.clone(), person.stands().to_owned()))
            .collect()
    }

    /// A person opens their details on a device.
    pub fn open_details(&mut self, reference: &str) {
        let person = self.people.get_mut(reference).expect("a person");
        person.open_details(self.now);
    }

    pub fn account(&self) -> Account {
        let mut account = Account::default();
        for person in self.people.values() {
            if person.in_scope {
                *account.standings.entry(person.stands()).or_default() += 1;
            }
            account.told_too_little += i64::from(person.is_owed_more());
            account.told_too_much += i64::from(person.is_to_be_corrected());
        }
        account
    }
}
