//! What must be true of an incident, in plain memory: people, list versions, campaigns, messages, letters, corrections,
//! refusals, flags. It knows no SQL and none of the program's rules; it is written from the promises P1 and P2.

use std::collections::{BTreeMap, BTreeSet};

/// Codes of elements.
pub type Codes = BTreeSet<&'static str>;

/// How somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Email,
    Post,
    Otherwise,
}

/// What a row of a list says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub email: Option<String>,
    pub elements: Codes,
    pub flags: BTreeSet<&'static str>,
}

/// One telling that counts until it turns out not to have reached the person.
#[derive(Debug, Clone)]
struct Telling {
    by: Channel,
    names: Codes,
    /// A correction: what was known before it is known no more.
    replaces: bool,
    /// Only the next of kin were told.
    kin: bool,
    counts: bool,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub listed: Listed,
    pub in_scope: bool,
    pub told: Option<Channel>,
    /// What they were last told.
    pub knows: Codes,
    /// The address that refused.
    pub refused: Option<String>,
    /// How often what they know changed.
    pub tellings: u32,
    history: Vec<Telling>,
}

impl Person {
    pub fn new(listed: Listed) -> Self {
        Self {
            listed,
            in_scope: true,
            told: None,
            knows: Codes::new(),
            refused: None,
            tellings: 0,
            history: Vec::new(),
        }
    }

    fn tell(&mut self, by: Channel, names: &Codes, replaces: bool, kin: bool) {
        self.history.push(Telling {
            by,
            names: names.clone(),
            replaces,
            kin,
            counts: true,
        });
        self.know();
    }

    /// What they know follows from what reached them, in order.
    fn know(&mut self) {
        (self.told, self.knows) = (None, Codes::new());
        for telling in self.history.iter().filter(|telling| telling.counts) {
            self.told = Some(telling.by);
            if telling.replaces {
                self.knows.clear();
            }
            self.knows.extend(&telling.names);
        }
        self.tellings += 1;
    }

    /// What only the next of kin of somebody who lives were told is not told.
    fn live(&mut self) {
        let lives = !self.listed.flags.contains("deceased");
        let mut taken = false;
        for telling in &mut self.history {
            taken |= lives && telling.kin && telling.counts;
            telling.counts &= !(lives && telling.kin);
        }
        if taken {
            self.know();
        }
    }

    /// What is theirs to know.
    pub fn exposed(&self) -> Codes {
        match self.in_scope {
            true => self.listed.elements.clone(),
            false => Codes::new(),
        }
    }

    pub fn owes(&self) -> bool {
        !self.listed.elements.is_subset(&self.knows)
    }

    pub fn told_wrongly(&self) -> bool {
        !self.knows.is_subset(&self.exposed())
    }

    pub fn may_be_written_to(&self) -> bool {
        ["hold", "protected", "deceased"]
            .iter()
            .all(|flag| !self.listed.flags.contains(flag))
    }

    pub fn reachable(&self) -> bool {
        self.listed.email.is_some() && self.listed.email != self.refused
    }

    /// Their place in the account.
    pub fn stands(&self) -> &'static str {
        let told = match self.told {
            _ if !self.in_scope => return "retracted",
            Some(Channel::Email) => Some("notified"),
            Some(Channel::Post) => Some("notified_by_post"),
            Some(Channel::Otherwise) => Some("notified_otherwise"),
            None => None,
        };
        match told {
            Some(told) if !self.owes() => told,
            _ if !self.may_be_written_to() => "withheld",
            _ if !self.reachable() => "needs_letter",
            Some(told) => told,
            None => "in_progress",
        }
    }
}

/// Which people a campaign is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Initial,
    Supplement,
    /// A correction for those who were told of something that is not theirs.
    ToldWrongly,
    /// A correction for those who were told and are not affected after all.
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
            Self::ToldWrongly => person.in_scope && person.told_wrongly(),
            Self::Retracted => !person.in_scope && person.told_wrongly(),
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
    /// What its text names.
    pub names: Codes,
    pub attempts: u32,
    /// Whether an attempt may have arrived although its end is not known.
    pub maybe: bool,
}

impl Notice {
    /// It is not to be sent any more.
    fn end(&mut self, otherwise: State) {
        self.state = match self.maybe {
            true => State::Uncertain,
            false => otherwise,
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
}

/// A letter of a list that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    pub names: Codes,
    /// Its place in what its person was told, and how often what they know had changed then.
    pub before: Option<(usize, u32)>,
}

#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub letters: BTreeMap<String, Letter>,
    pub posted: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub people: BTreeMap<String, Person>,
    pub campaigns: Vec<Campaign>,
    pub batches: Vec<Batch>,
    /// What relays accepted since it was last taken.
    pub sent: Vec<Message>,
}

/// What a relay answers to the n-th attempt of a message, for this address.
pub fn answer(address: &str, attempt: u32) -> &'static str {
    match address
        .split('@')
        .next()
        .and_then(|local| local.split('-').nth(1))
    {
        Some("gone") => "refused",
        Some("busy") if attempt == 1 => "deferred",
        Some("lost") if attempt == 1 => "uncertain",
        _ => "accepted",
    }
}

impl Model {
    /// Puts a list in force. `full`: people whom it does not name are retracted. `flags`: whether it has that column.
    pub fn activate(&mut self, list: &BTreeMap<String, Option<Listed>>, full: bool, flags: bool) {
        for (reference, row) in list {
            match (row, self.people.get_mut(reference)) {
                (None, Some(person)) => person.in_scope = false,
                (None, None) => {}
                (Some(row), Some(person)) => {
                    let before = std::mem::replace(&mut person.listed, row.clone());
                    if !flags {
                        person.listed.flags = before.flags;
                    }
                    person.in_scope = true;
                }
                (Some(row), None) => {
                    let mut row = row.clone();
                    if !flags {
                        row.flags.clear();
                    }
                    self.people.insert(reference.clone(), Person::new(row));
                }
            }
        }
        if full {
            for (reference, person) in &mut self.people {
                person.in_scope &= list.contains_key(reference);
            }
        }
        self.people.values_mut().for_each(Person::live);
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

    /// Whether this person may have been told something more: a campaign that is over does not know.
    fn may_have_been_told(&self, reference: &str) -> bool {
        let knows = &self.people[reference].knows;
        self.campaigns.iter().any(|campaign| {
            let notice = campaign.notices.get(reference);
            campaign.running == Running::Over
                && !campaign.kind.replaces()
                && notice.is_some_and(|notice| {
                    notice.state == State::Uncertain && !notice.names.is_subset(knows)
                })
        })
    }

    /// Who would be sent a message, were a campaign of this kind launched now.
    pub fn mailable(&self, kind: Kind) -> BTreeSet<String> {
        let meant = self.people.iter().filter(|(reference, person)| {
            kind.is_for(person)
                && person.may_be_written_to()
                && person.reachable()
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
                maybe: false,
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

    /// What waits for another attempt is due.
    pub fn pass_time(&mut self) {
        for campaign in &mut self.campaigns {
            for notice in campaign.notices.values_mut() {
                if notice.state == State::Deferred {
                    notice.state = State::Queued;
                }
            }
        }
    }

    /// Everything that is due is sent.
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
                person.refused = Some(address);
                notice.state = State::Bounced;
            }
            "deferred" => notice.state = State::Deferred,
            "uncertain" => (notice.state, notice.maybe) = (State::Deferred, true),
            _ => {
                notice.state = State::Sent;
                person.tell(Channel::Email, &notice.names, kind.replaces(), false);
                self.sent.push(Message {
                    to: address,
                    reference: reference.to_owned(),
                    names: notice.names.clone(),
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

    /// Who belongs on the next letter list, with what it must name: people on a list that waits stay out.
    pub fn letters(&self) -> BTreeMap<String, Codes> {
        let waits = |reference: &String| {
            let mut batches = self.batches.iter().filter(|batch| !batch.posted);
            batches.any(|batch| batch.letters.contains_key(reference))
        };
        let need = self.people.iter().filter(|(reference, person)| {
            person.stands() == "needs_letter" && !person.told_wrongly() && !waits(reference)
        });
        need.map(|(reference, person)| (reference.clone(), person.exposed()))
            .collect()
    }

    pub fn take_letters(&mut self) {
        let letters = self.letters().into_iter().map(|(reference, names)| {
            let before = None;
            (reference, Letter { names, before })
        });
        let letters = letters.collect();
        self.batches.push(Batch {
            letters,
            posted: false,
        });
    }

    pub fn post(&mut self, batch: usize) {
        let batch = &mut self.batches[batch];
        batch.posted = true;
        for (reference, letter) in &mut batch.letters {
            let person = self
                .people
                .get_mut(reference)
                .expect("a letter has a person");
            letter.before = Some((person.history.len(), person.tellings));
            person.tell(Channel::Post, &letter.names, false, false);
        }
    }

    /// Letters that may come back: nothing else has told their people since.
    pub fn returnable(&self) -> Vec<(usize, String)> {
        let each = self.batches.iter().enumerate();
        let letters = each.flat_map(|(n, batch)| {
            batch
                .letters
                .iter()
                .map(move |(reference, letter)| (n, reference, letter))
        });
        letters
            .filter(|(_, reference, letter)| {
                let before = letter.before.as_ref();
                before.is_some_and(|(_, tellings)| self.people[*reference].tellings == tellings + 1)
            })
            .map(|(n, reference, _)| (n, reference.clone()))
            .collect()
    }

    pub fn give_back(&mut self, batch: usize, reference: &str) {
        let letter = self.batches[batch]
            .letters
            .get_mut(reference)
            .expect("a letter");
        let person = self
            .people
            .get_mut(reference)
            .expect("a letter has a person");
        if let Some((at, _)) = letter.before.take() {
            person.history[at].counts = false;
            person.know();
        }
    }

    /// Those who were told by word of mouth.
    pub fn tell_otherwise(&mut self, reference: &str) {
        let person = self.people.get_mut(reference).expect("a person");
        let (exposed, wrong) = (person.exposed(), person.told_wrongly());
        let flags = &person.listed.flags;
        let kin = flags.contains("deceased") && !flags.contains("protected");
        person.tell(Channel::Otherwise, &exposed, wrong, kin);
    }

    /// The account: people in scope by standing, those told who are owed more, and those told of what is not theirs.
    pub fn account(&self) -> (BTreeMap<&'static str, i64>, i64, i64) {
        let mut standings = BTreeMap::new();
        let mut incomplete = 0;
        for person in self.people.values().filter(|person| person.in_scope) {
            let stands = person.stands();
            *standings.entry(stands).or_default() += 1;
            incomplete += i64::from(stands.starts_with("notified") && person.owes());
        }
        let wrong = |person: &&Person| person.told_wrongly() && person.may_be_written_to();
        let too_much = self.people.values().filter(wrong).count();
        (standings, incomplete, too_much as i64)
    }
}
