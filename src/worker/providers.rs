//! Providers: who runs the mailboxes of many domains, and how many messages a second they may get.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::pace::Pace;
use crate::address::EmailAddress;
use crate::config::Provider;

/// All providers of the configuration. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Providers {
    by_domain: Arc<HashMap<String, Arc<Known>>>,
    other: Arc<str>,
}

struct Known {
    name: Arc<str>,
    per_second: u32,
    pace: Pace,
}

impl Providers {
    /// The providers of the configuration.
    pub(crate) fn new(configured: &BTreeMap<String, Provider>) -> Self {
        let mut by_domain = HashMap::new();
        for (name, provider) in configured {
            let known = Arc::new(Known {
                name: name.as_str().into(),
                per_second: provider.per_second,
                pace: Pace::default(),
            });
            let domains = provider.domains.iter();
            by_domain.extend(domains.map(|domain| (domain.to_lowercase(), Arc::clone(&known))));
        }
        Self {
            by_domain: Arc::new(by_domain),
            other: "other".into(),
        }
    }

    fn of(&self, address: Option<&EmailAddress>) -> Option<&Known> {
        let known = self.by_domain.get(&address?.domain().to_lowercase())?;
        Some(known)
    }

    /// The name of the provider of this address, or `other`: what figures are kept by.
    pub(crate) fn name(&self, address: Option<&EmailAddress>) -> Arc<str> {
        let known = self.of(address).map(|known| &known.name);
        Arc::clone(known.unwrap_or(&self.other))
    }

    /// The unit that accepts or refuses mail to this address: its provider, or else its domain. Not to be stored or
    /// logged unless the settings name it: a domain may be one person's.
    pub(crate) fn refuser(&self, address: Option<&EmailAddress>) -> String {
        match self.of(address) {
            Some(known) => known.name.to_string(),
            None => address.map_or_else(String::new, |address| address.domain().to_lowercase()),
        }
    }

    /// Takes the next slot for a message to this address, for a sender with this share of the limit. `now` if nothing
    /// limits it.
    pub(crate) fn moment(
        &self,
        address: Option<&EmailAddress>,
        now: Instant,
        share: f64,
    ) -> Instant {
        match self.of(address) {
            Some(known) if known.per_second > 0 => {
                known.pace.take(now, f64::from(known.per_second) * share)
            }
            _ => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_domains_of_a_provider_share_one_limit_and_others_have_none() {
        let provider = Provider {
            per_second: 10,
            domains: vec!["big.example".to_owned(), "Large.example".to_owned()],
        };
        let providers = Providers::new(&BTreeMap::from([("big".to_owned(), provider)]));
        let start = Instant::now();
        let wait = |address: &str| {
            let address = EmailAddress::parse(address).expect("an address");
            providers.moment(Some(&address), start, 0.5) - start
        };
        assert_eq!(wait("a@big.example"), Duration::ZERO);
        assert_eq!(wait("b@LARGE.example"), Duration::from_millis(200));
        assert_eq!(wait("c@small.example"), Duration::ZERO);
        assert_eq!(providers.moment(None, start, 0.5), start);
        let name = |address: &str| providers.name(EmailAddress::parse(address).ok().as_ref());
        assert_eq!(
            (name("a@big.example"), name("a@b.example")),
            ("big".into(), "other".into())
        );
        let refuser = |address: &str| providers.refuser(EmailAddress::parse(address).ok().as_ref());
        assert_eq!(
            (refuser("a@LARGE.example"), refuser("a@B.example")),
            ("big".into(), "b.example".into())
        );
    }
}
