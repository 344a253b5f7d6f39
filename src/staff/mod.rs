//! Staff: who works here, in which roles, and what each role may do. API keys are accounts too.

pub(crate) mod confirm;
pub(crate) mod device;
pub mod key;
pub mod manage;
pub(crate) mod networks;
pub mod password;
pub mod replay;
pub mod session;
pub mod sign_in;
pub(crate) mod store;
pub(crate) mod wrong_code;

use chrono::{DateTime, Utc};

use crate::address::EmailAddress;
use crate::id::StaffId;
use crate::invisible::shows_nothing;
use crate::pg_enum;

pg_enum! {
    /// A job that a member of staff has; one person may have several.
    pub enum StaffRole: StaffRole {
        /// Writes to people: incidents, scopes, templates, campaigns.
        Comms = "comms",
        /// Approves a campaign drafted by another person.
        Approver = "approver",
        /// Answers tickets.
        Agent = "agent",
        /// Leads the agents.
        Lead = "lead",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Manages accounts and sees how Candor runs, but no customer's words.
        Admin = "admin",
    }
}

/// Declares the rights, and for each a type of the same name in [`right`] for handler signatures.
macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// One thing that a member of staff may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Right {
            $($(#[$doc])* $name,)+
        }

        impl Right {
            /// Every right, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }

        /// Each right as a type, so that a signature can ask for it: `Allowed<LaunchCampaign>`.
        pub(crate) mod right {
            use super::{Needs, Right};
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Copy)]
                pub(crate) struct $name;

                impl Needs for $name {
                    const RIGHT: Right = Right::$name;
                }
            )+
        }
    };
}

/// A type that stands for a right.
pub trait Needs: 'static {
    /// The right.
    const RIGHT: Right;
}

rights! {
    /// See incidents, their facts, updates and figures.
    SeeIncidents,
    /// Open an incident, move it on, keep its facts, publish updates.
    SteerIncident,
    /// Destroy the key of an incident that is over, and with it its people.
    ForgetIncident,
    /// Import, activate and discard scope versions; fetch their rejects.
    ImportScope,
    /// Look up a person and see what concerns them.
    SeePeople,
    /// See lists of people, masked, rather than one who is sought.
    SeeAllPeople,
    /// End the status links that a person was sent.
    RevokeLinks,
    /// See templates and previews.
    SeeTemplates,
    /// Write templates.
    EditTemplate,
    /// See campaigns and their notices' states.
    SeeCampaigns,
    /// Draft a campaign and submit it.
    DraftCampaign,
    /// Approve a campaign drafted by another person.
    ApproveCampaign,
    /// Launch, pause, resume and cancel.
    LaunchCampaign,
    /// Press the emergency stop, and release it.
    StopSending,
    /// Read the letters of a rehearsal.
    SeeOutbox,
    /// Read tickets.
    SeeTickets,
    /// Take tickets and answer them.
    WorkTickets,
    /// See the whole queue, and work on what others hold.
    LeadTickets,
    /// See the accounts.
    SeeStaff,
    /// Add, disable and reset accounts.
    ManageStaff,
    /// Read the audit log.
    ReadAudit,
}

impl StaffRole {
    /// What the role may do. THE table: everything that asks, asks here.
    #[rustfmt::skip]
    pub fn rights(self) -> &'static [Right] {
        use Right::*;
        match self {
            Self::Comms => &[
                SeeIncidents, SteerIncident, ImportScope, SeePeople, SeeAllPeople, RevokeLinks, SeeTemplates,
                EditTemplate, SeeCampaigns, DraftCampaign, LaunchCampaign, StopSending, SeeOutbox,
            ],
            Self::Approver => &[SeeIncidents, SeeTemplates, SeeCampaigns, ApproveCampaign, StopSending],
            Self::Agent => &[SeeIncidents, SeePeople, RevokeLinks, SeeTickets, WorkTickets],
            Self::Lead => &[SeeIncidents, SeePeople, RevokeLinks, SeeCampaigns, SeeTickets, WorkTickets, LeadTickets],
            Self::Auditor => &[
                SeeIncidents, SeePeople, SeeAllPeople, SeeTemplates, SeeCampaigns, SeeOutbox, SeeTickets,
                SeeStaff, ReadAudit,
            ],
            Self::Admin => &[
                SeeIncidents, SeeTemplates, SeeCampaigns, StopSending, ForgetIncident, SeeStaff, ManageStaff,
                ReadAudit,
            ],
        }
    }

    /// Whether the role may do it.
    pub fn may(self, right: Right) -> bool {
        self.rights().contains(&right)
    }
}

/// A member of staff, or the account of an API key.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// What they sign in with; an API key's account has none.
    pub email: Option<EmailAddress>,
    /// What others call them.
    pub name: String,
    /// Their roles, at least one.
    pub roles: Vec<StaffRole>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// Since when it may do nothing.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl Staff {
    /// Whether a person signs in with it. Tickets cannot be assigned to the account of an API key.
    pub fn is_person(&self) -> bool {
        self.email.is_some()
    }

    /// Whether one of their roles may do it.
    pub fn may(&self, right: Right) -> bool {
        self.roles.iter().any(|role| role.may(right))
    }
}

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters on one line")]
pub struct BadName;

/// Checks a name.
///
/// # Errors
/// [`BadName`].
pub fn check_name(name: &str) -> Result<(), BadName> {
    let fine =
        !shows_nothing(name) && name.chars().count() <= 100 && !name.chars().any(char::is_control);
    fine.then_some(()).ok_or(BadName)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_changes_nothing() {
        for right in StaffRole::Auditor.rights() {
            let name = format!("{right:?}");
            assert!(
                name.starts_with("See") || name.starts_with("Read"),
                "{name}"
            );
        }
    }

    #[test]
    fn an_auditor_reads_all_and_an_admin_no_customers_words() {
        for right in Right::ALL {
            let name = format!("{right:?}");
            if name.starts_with("See") || name.starts_with("Read") {
                assert!(StaffRole::Auditor.may(*right), "{name}");
            }
        }
        for right in [Right::SeeTickets, Right::SeePeople, Right::SeeOutbox] {
            assert!(!StaffRole::Admin.may(right), "{right:?}");
        }
    }

    #[test]
    fn every_right_is_somebodys() {
        for right in Right::ALL {
            assert!(
                StaffRole::ALL.iter().any(|role| role.may(*right)),
                "{right:?}"
            );
        }
        assert!(!StaffRole::Comms.may(Right::ApproveCampaign));
        assert!(!StaffRole::Approver.may(Right::DraftCampaign));
    }
}
