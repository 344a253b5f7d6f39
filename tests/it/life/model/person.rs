//! A person of the model: what lists say of them, and what they were told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::page::Session;

/// Codes of elements.
pub type Codes = BTreeSet<&'static str>;

/// How a person was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Email,
    Post,
    Otherwise,
}

/// One telling, which counts until it is known that it did not reach the person.
#[derive(Debug, Clone)]
struct Telling {
    by: Channel,
    names: Codes,
    /// A correction: all that was known before it is no longer known.
    replaces: bool,
    /// Only the next of kin were told.
    kin: bool,
    counts: bool,
}

/// What a row of a list says of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub email: Option<String>,
    pub name: Option<String>,
    pub address: Option<&'static str>,
    pub elements: Codes,
    pub flags: BTreeSet<&'static str>,
}

impl Listed {
    pub fn may_be_written_to(&self) -> bool {
        ["hold", "protected", "deceased"]
            .iter()
            .all(|flag| !self.flags.contains(flag))
    }

    /// Whether the name is new and no e-mail address stays, so that the row may mean another person. Not if the postal
    /// address stays; and where no address is known at all, an absent name is not another name.
    pub fn is_another_than(&self, before: &Self) -> bool {
        let same_email = self.email.is_some() && self.email == before.email;
        let nowhere = |of: &Self| of.email.is_none() && of.address.is_none();
        let same_house = self.address.is_some() && self.address == before.address;
        let stays = same_house || nowhere(self) && nowhere(before);
        let has_names = self.name.is_some() && before.name.is_some();
        self.name != before.name && !same_email && (has_names || !stays)
    }

    /// Whether it has the same name and the same addresses.
    pub fn has_contact_of(&self, other: &Self) -> bool {
        (&self.email, &self.name, self.address) == (&other.email, &other.name, other.address)
    }
}

/// An e-mail that a relay accepted.
#[derive(Debug, Clone)]
pub struct Told {
    pub at: DateTime<Utc>,
    pub names: Codes,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub listed: Listed,
    pub in_scope: bool,
    /// The list version that last changed them, and when it came into force.
    pub since: (i32, DateTime<Utc>),
    pub told: Option<Channel>,
    /// The elements that they were last told.
    pub knows: Codes,
    /// All tellings, in order.
    history: Vec<Telling>,
    /// Their earlier rows, before lists changed name or address without a question.
    origin: Option<Listed>,
    /// The address to which a notice bounced, and whether the reply ruled the address out.
    refused: Option<(String, bool)>,
    /// The number of postal letters to them that came back.
    pub letters_back: usize,
    /// The e-mails that relays accepted, in order.
    pub emails: Vec<Told>,
    /// The number of times that their links were revoked.
    pub epoch: i16,
    /// The device on which they opened their details last.
    pub session: Option<Session>,
}

impl Person {
    pub fn new(listed: Listed, since: (i32, DateTime<Utc>)) -> Self {
        Self {
            listed,
            in_scope: true,
            since,
            told: None,
            knows: Codes::new(),
            history: Vec::new(),
            origin: None,
            refused: None,
            letters_back: 0,
            emails: Vec::new(),
            epoch: 0,
            session: None,
        }
    }

    /// Its index in `told`.
    pub fn tell(&mut self, by: Channel, names: &Codes, replaces: bool, kin: bool) -> usize {
        self.history.push(Telling {
            by,
            names: names.clone(),
            replaces,
            kin,
            counts: true,
        });
        self.know();
        self.history.len() - 1
    }

    /// The telling at this index did not reach them.
    pub fn take_back(&mut self, at: usize) {
        self.history[at].counts = false;
        self.know();
    }

    /// They know what the tellings that reached them say, in order.
    fn know(&mut self) {
        (self.told, self.knows) = (None, Codes::new());
        for telling in self.history.iter().filter(|telling| telling.counts) {
            self.told = Some(telling.by);
            if telling.replaces {
                self.knows.clear();
            }
            self.knows.extend(&telling.names);
        }
    }

    /// Whether a row seems to mean another person: other than they are, or than they were before lists changed them
    /// without a question.
    pub fn seems_another(&self, row: &Listed) -> bool {
        let known = [Some(&self.listed), self.origin.as_ref()];
        let mut known = known.into_iter().flatten();
        !row.has_contact_of(&self.listed) && known.any(|known| row.is_another_than(known))
    }

    /// Whether a row removes their e-mail address.
    pub fn loses_email(&self, row: &Listed) -> bool {
        self.listed.email.is_some() && row.email.is_none() && !self.seems_another(row)
    }

    /// Whether a row removes their postal address.
    pub fn loses_address(&self, row: &Listed) -> bool {
        self.listed.address.is_some() && row.address.is_none() && !self.seems_another(row)
    }

    /// Whether a row removes an element that they were told.
    pub fn told_more_than(&self, row: &Listed) -> bool {
        let back = self.exposed();
        let mut back = back.difference(&row.elements);
        self.told.is_some() && back.any(|element| self.knows.contains(element))
    }

    /// A list in force says this of them; the answer was that they are the same person.
    pub fn becomes(&mut self, row: Listed, version: i32, now: DateTime<Utc>) {
        let is_other = self.seems_another(&row);
        if is_other {
            let known = [Some(&self.listed), self.origin.as_ref()];
            // Links that were sent to a former address are revoked.
            let way = |of: &Listed| (of.email.clone(), of.address);
            let moves = known.iter().flatten().any(|known| way(known) != way(&row));
            self.epoch += i16::from(moves);
            self.origin = None;
        } else if !row.has_contact_of(&self.listed) {
            self.origin.get_or_insert_with(|| self.listed.clone());
        }
        if !self.in_scope || row != self.listed {
            self.since = (version, now);
        }
        (self.in_scope, self.listed) = (true, row);
        self.live();
    }

    /// A telling to the next of kin of a person who lives does not count as telling the person.
    fn live(&mut self) {
        let lives = !self.listed.flags.contains("deceased");
        for telling in &mut self.history {
            telling.counts &= !(lives && telling.kin);
        }
        self.know();
    }

    /// The elements that they are to know.
    pub fn exposed(&self) -> Codes {
        match self.in_scope {
            true => self.listed.elements.clone(),
            false => Codes::new(),
        }
    }

    pub fn owes(&self) -> bool {
        !self.listed.elements.is_subset(&self.knows)
    }

    /// The elements that they were told and that are not theirs.
    pub fn wrong(&self) -> Codes {
        let exposed = self.exposed();
        self.knows.difference(&exposed).copied().collect()
    }

    pub fn is_to_be_corrected(&self) -> bool {
        self.may_be_written_to() && !self.wrong().is_empty()
    }

    /// Whether they were told, and can be told the rest by e-mail.
    pub fn is_owed_more(&self) -> bool {
        self.stands().starts_with("notified") && self.owes()
    }

    pub fn may_be_written_to(&self) -> bool {
        self.listed.may_be_written_to()
    }

    /// A notice to this address bounced. An address that was ruled out stays so.
    pub fn refuse(&mut self, address: String, condemned: bool) {
        let before = self.refused.take().filter(|(one, _)| *one == address);
        let was_condemned = before.is_some_and(|(_, condemned)| condemned);
        self.refused = Some((address, condemned || was_condemned));
    }

    /// Whether no notice to their address bounced.
    pub fn reachable(&self) -> bool {
        let refused = self.refused.as_ref().map(|(address, _)| address);
        self.listed.email.is_some() && self.listed.email.as_ref() != refused
    }

    /// Whether a campaign may write to their address.
    pub fn has_address(&self) -> bool {
        let is_condemned = self
            .refused
            .as_ref()
            .is_some_and(|(_, condemned)| *condemned);
        self.reachable() || (self.listed.email.is_some() && !is_condemned)
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
