//! The data of the frames around pages: header, navigation and footer. `web::frame` fills them.

use super::{Flash, Moment};
use crate::staff::Right;

/// The organisation that speaks, as its public pages name it.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    /// Its name as customers know it.
    pub name: String,
    /// Where these pages live, as the links that are sent begin: the one address that is genuine. No slash at the end.
    pub site: String,
    /// The addresses its notices come from.
    pub senders: Vec<String>,
    /// The helpline's number, if there is one.
    pub phone: Option<String>,
    /// The opening hours of that number, in words.
    pub hours: String,
}

/// Another language the same page can be read in.
#[derive(Debug, Clone)]
pub struct Language {
    /// BCP 47.
    pub code: String,
    /// Its own name for itself.
    pub name: String,
    /// This page in that language.
    pub href: String,
    /// Whether it is the one shown.
    pub here: bool,
}

/// The frame of a public page.
#[derive(Debug, Clone, Default)]
pub struct PublicFrame {
    /// Who speaks.
    pub organisation: Organisation,
    /// BCP 47 tag of the page's own words.
    pub lang: String,
    /// `ltr` or `rtl`, of the page's own words.
    pub dir: String,
    /// All languages offered, this one included; a choice is shown from two on.
    pub languages: Vec<Language>,
    /// Goes into every form.
    pub csrf: String,
    /// The answer to the last act, shown once.
    pub flash: Option<Flash>,
}

/// The parts of the console, for marking where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the page of that name")]
pub enum Area {
    #[default]
    Dashboard,
    Incidents,
    Campaigns,
    Templates,
    Helpline,
    Staff,
    Audit,
    Outbox,
    Design,
    Me,
    None,
}

/// A link of the navigation: where it belongs, its address, its word.
pub type Link = (Area, &'static str, &'static str);

impl Area {
    /// The parts that most work in.
    pub const MAIN: &'static [Link] = &[
        (Area::Dashboard, "/console", "Dashboard"),
        (Area::Incidents, "/console/incidents", "Incidents"),
        (Area::Campaigns, "/console/campaigns", "Campaigns"),
        (Area::Templates, "/console/templates", "Templates"),
        (Area::Helpline, "/console/helpline", "Helpline"),
    ];
    /// The parts looked into now and then.
    pub const MORE: &'static [Link] = &[
        (Area::Staff, "/console/staff", "Staff"),
        (Area::Audit, "/console/audit", "Audit"),
        (Area::Outbox, "/console/outbox", "Outbox"),
        (Area::Design, "/console/design", "Design"),
    ];
}

/// The frame of a console page.
#[derive(Debug, Clone, Default)]
pub struct ConsoleFrame {
    /// The organisation, shown next to Candor's name.
    pub organisation: String,
    /// The signed-in person.
    pub name: String,
    /// Their roles, in product words.
    pub roles: Vec<String>,
    /// Goes into every form.
    pub csrf: String,
    /// Which part is shown.
    pub area: Area,
    /// Set while the emergency stop is on.
    pub stopped: Option<Stopped>,
    /// Set while the database may be an older copy: why, and what to do. Nothing is sent then.
    pub doubt: Option<String>,
    /// Whether nothing is known of stop and doubt: an error page does not ask the database.
    pub unasked: bool,
    /// Whether this person may stop and start all sending.
    pub may_stop: bool,
    /// What this person may do: pages show no link and no button that would be refused.
    pub rights: Vec<Right>,
    /// The parts that this person may open, of those that most work in.
    pub main: Vec<Link>,
    /// The parts that this person may open, of those looked into now and then.
    pub more: Vec<Link>,
    /// The answer to the last act, shown once.
    pub flash: Option<Flash>,
}

impl ConsoleFrame {
    /// Whether this person may do it.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

/// The emergency stop, while it is on.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// Since when.
    pub at: Moment,
    /// Who pressed it.
    pub by: String,
}
