//! The names of actors and templates, for pages that know their ids.

use std::collections::{BTreeMap, HashMap};

use crate::actor::{Actor, Recorded};
use crate::db::{self, Conn};
use crate::id::{StaffId, TemplateId};
use crate::staff::{self, Staff};
use crate::template;
use crate::web::problem::Problem;

/// The name of every account of staff, by the actor that history and messages carry.
pub struct Names(HashMap<String, String>);

impl Names {
    /// Reads all accounts; they are few.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load(conn: &mut Conn) -> db::Result<Self> {
        let named = |staff: Staff| (Actor::Staff(staff.id).to_string(), staff.name);
        Ok(Self(
            staff::store::list(conn)
                .await?
                .into_iter()
                .map(named)
                .collect(),
        ))
    }

    /// The name of a member of staff.
    pub fn of(&self, id: StaffId) -> String {
        self.of_actor(&Actor::Staff(id).to_string())
    }

    /// The name of an actor, given in the text form of [`Actor`].
    pub fn of_actor(&self, actor: &str) -> String {
        match (self.0.get(actor), Recorded::parse(actor)) {
            (Some(name), _) => name.clone(),
            (None, Recorded::Customer(_)) => "Customer".to_owned(),
            (None, Recorded::System(part)) => part.in_words().to_owned(),
            (None, Recorded::Staff(_) | Recorded::Other(_)) => "A former account".to_owned(),
        }
    }
}

/// The names of all templates. A campaign has the name of its template.
///
/// # Errors
/// Database errors.
pub async fn template_names(conn: &mut Conn) -> Result<BTreeMap<TemplateId, String>, Problem> {
    let all = template::store::list(conn).await?;
    Ok(all.into_iter().map(|one| (one.id, one.name)).collect())
}
