//! The invented carrier in a demo's settings and fact sheet, which name the same number.

use super::{ORGANISATION, PHONE, PHONE_HOURS, fact_sheet};
use crate::config::{Config, Organisation};
use crate::incident::Facts;

/// The invented carrier as the settings of a demo describe it.
pub fn organisation(config: &Config) -> Organisation {
    Organisation {
        name: ORGANISATION.to_owned(),
        from_name: ORGANISATION.to_owned(),
        from_address: "notice@sundmere.example".to_owned(),
        phone: PHONE.to_owned(),
        phone_hours: PHONE_HOURS.to_owned(),
        website: config.http.public_url.to_string(),
        ..config.organisation.clone()
    }
}

/// The fact sheet of a demo with these settings. Notices name the number and the hours that the foot of every page
/// names: pages tell readers to call no other number.
pub fn facts(config: &Config) -> Facts {
    let mut facts = fact_sheet();
    let organisation = &config.organisation;
    facts.insert("organisation".to_owned(), ORGANISATION.to_owned());
    facts.insert("website".to_owned(), config.http.public_url.to_string());
    if !organisation.phone.is_empty() {
        facts.insert("contact_phone".to_owned(), organisation.phone.clone());
    }
    // Hours of one's own are known in one language only.
    let hours = &organisation.phone_hours;
    if !hours.is_empty() && hours != PHONE_HOURS {
        for (_, fact) in facts
            .iter_mut()
            .filter(|(key, _)| key.starts_with("contact_hours"))
        {
            fact.clone_from(hours);
        }
    }
    facts
}
