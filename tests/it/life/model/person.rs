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

/// What a row of a list says of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub email: Option<String>,
    pub name: Option<String>,
    pub elements: Codes,
    pub flags: BTreeSet<&'static str>,
}

impl Listed {
    pub fn may_be_written_to(&self) -> bool {
        ["hold", "protected", "deceased"]
            .iter()
            .all(|flag| !self.flags.contains(flag))
    }

    /// Whether name and address are both new, so that the row may mean another person.
    pub fn is_another_than(&self, before: &Self) -> bool {
        let has_address = self.email.is_some() || before.email.is_some();
        let same_address = self.email.is_some() && self.email == before.email;
        has_address && !same_address && self.name != before.name
    }
}

/// An e-mail that a relay took.
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
    /// What they were last told.
    pub knows: Codes,
    /// The address that refused.
    pub refused: Option<String>,
    /// How often they were told something.
    pub tellings: u32,
    /// The e-mails that relays took, in their order.
    pub emails: Vec<Told>,
    /// How often their links were revoked.
    pub epoch: i16,
    /// The device on which their details were opened last.
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
            refused: None,
            tellings: 0,
            emails: Vec::new(),
            epoch: 0,
            session: None,
        }
    }

    pub fn tell(&mut self, by: Channel, names: &Codes) {
        self.told = Some(by);
        self.knows.extend(names);
        self.tellings += 1;
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

    /// What they were told and is not theirs.
    pub fn wrong(&self) -> Codes {
        let exposed = self.exposed();
        self.knows.difference(&exposed).copied().collect()
    }

    pub fn may_be_written_to(&self) -> bool {
        self.listed.may_be_written_to()
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
