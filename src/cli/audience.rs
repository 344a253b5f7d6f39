//! `candor campaign audience`: who a campaign would go to, as a sentence with numbers that add up.

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::say;
use crate::app::App;
use crate::campaign::{Audience, CampaignKind};
use crate::db;
use crate::incident;
use crate::person::store::audience_terms;
use crate::person::terms::AudienceTerm;

/// What is counted.
#[derive(Debug, clap::Args)]
pub(crate) struct Count {
    /// The incident: its slug
    #[arg(long)]
    incident: String,
    /// initial, supplement or correction
    #[arg(long, default_value = "initial")]
    kind: CampaignKind,
    /// The audience as JSON, as the API takes it; all people that the kind is for if left out
    #[arg(long, default_value = "{}")]
    audience: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Count {
    pub(super) async fn run(self, app: &App) -> Result<()> {
        let audience: Audience = serde_json::from_str(&self.audience)
            .context("--audience is no audience: docs/api.md says what one has")?;
        audience.check(self.kind)?;
        let mut conn = app.db.get().await?;
        let of = match incident::store::find_by_slug(&mut conn, &self.incident).await {
            Err(db::Error::Missing) => bail!("there is no incident {}", self.incident),
            found => found?,
        };
        if of.active_scope.is_none() {
            bail!("no list of affected people is active: import one and activate it first");
        }
        let filter = audience.filter(self.kind);
        let counted = audience_terms(&mut conn, of.id, &filter).await?;
        let who = audience.who(self.kind);
        let gets = counted.of(AudienceTerm::GetsIt);
        if self.json {
            let terms = AudienceTerm::ALL
                .iter()
                .map(|term| (term.as_str(), counted.of(*term)));
            let terms: serde_json::Map<_, _> = terms
                .map(|(term, people)| (term.to_owned(), json!(people)))
                .collect();
            return say(json!({
                "who": who, "people": counted.all(), "terms": terms, "gets_it": gets,
                "languages": counted.languages(), "jurisdictions": counted.places(),
            }));
        }
        say(format!("  {:>12}  {}", counted.all(), who.beginning()))?;
        let left_out = AudienceTerm::ALL
            .iter()
            .filter(|one| **one != AudienceTerm::GetsIt);
        for (term, people) in left_out.map(|one| (one, counted.of(*one))) {
            if people > 0 {
                say(format!("− {people:>12}  {}", term.in_words(who, people)))?;
            }
        }
        say(format!(
            "= {gets:>12}  {}",
            AudienceTerm::GetsIt.in_words(who, gets)
        ))?;
        for (locale, people) in counted.languages() {
            say(format!("  {people:>12}  read {locale}"))?;
        }
        for (place, people) in counted.places() {
            let place = if place.is_empty() {
                "no known jurisdiction"
            } else {
                place
            };
            say(format!("  {people:>12}  in {place}"))?;
        }
        Ok(())
    }
}
