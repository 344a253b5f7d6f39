//! The names of actors and templates, for pages that know their ids.

use std::collections::HashMap;

use crate::actor::{Actor, Recorded};
use crate::db::{self, Conn};
use crate::id::StaffId;
use crate::staff::{self, Staff};

/// The name of every account of staff, by the actor that history and messages carry.
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// Reads all accounts; they are few.
    ///
    /// # Errors
    /// Database errors.
    pub(crate) async fn load(conn: &mut Conn) -> db::Result<Self> {
        Ok(Self::of_staff(&staff::store::list(conn).await?))
    }

    /// The names of these accounts.
    pub(crate) fn of_staff(all: &[Staff]) -> Self {
        let named = |staff: &Staff| (Actor::Staff(staff.id).to_string(), staff.name.clone());
        Self(all.iter().map(named).collect())
    }

    /// The name of a member of staff.
    pub(crate) fn of(&self, id: StaffId) -> String {
        self.of_actor(&Actor::Staff(id).to_string())
    }

    /// The name of an actor, given in the text form of [`Actor`].
    pub(crate) fn of_actor(&self, actor: &str) -> String {
        let known = self.0.get(actor);
        known.map_or_else(|| in_words(actor), Clone::clone)
    }
}

/// An actor whose account is not known, in words.
pub(crate) fn in_words(actor: &str) -> String {
    match Recorded::parse(actor) {
        Recorded::Customer(_) => "Customer".to_owned(),
        Recorded::System(part) => part.in_words().to_owned(),
        Recorded::Staff(_) | Recorded::Other(_) => "A former account".to_owned(),
    }
}
