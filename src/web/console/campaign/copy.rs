//! Copying a campaign, and in what a copy differs from the campaign that was copied.

use actix_web::web::{Data, Path};

use super::content::{in_words_of_canary, to_whom};
use crate::app::App;
use crate::campaign::difference::{Difference, differences};
use crate::campaign::{self, Campaign, UncertainPolicy, store};
use crate::db::Conn;
use crate::id::CampaignId;
use crate::staff::right::DraftCampaign;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::figures::count;
use crate::web::form::Pressed;
use crate::web::problem::{Answer, Problem};
use crate::zone::Zone;

/// `POST /console/campaigns/{id}/copy`, in any state.
///
/// # Errors
/// 404, or a forgotten incident.
pub(crate) async fn copy(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    _pressed: Pressed,
) -> Answer {
    let copy = campaign::copy::copy(&app, who.id, *id).await?;
    Ok(redirect(&format!("/console/campaigns/{copy}"), "copied"))
}

/// The campaign that was copied, and what differs now.
#[derive(Debug, Clone)]
pub struct CopiedFrom {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What differs, each a sentence; empty for nothing.
    pub differs: Vec<String>,
}

impl CopiedFrom {
    /// Of a copy that is not launched; `None` of others.
    pub(super) async fn load(
        conn: &mut Conn,
        of: &Campaign,
        home: Zone,
    ) -> Result<Option<Self>, Problem> {
        let Some(source) = of.copied_from.filter(|_| campaign::copy::is_compared(of)) else {
            return Ok(None);
        };
        let source = store::find(conn, source).await?;
        let differs = differences(&source, of).into_iter();
        Ok(Some(Self {
            differs: differs
                .filter_map(|what| sentence(what, &source, of, home))
                .collect(),
            id: source.id.to_string(),
            name: source.name.to_string(),
        }))
    }
}

/// What a part is here and what it was there, a sentence; the names stand on the page anyway.
fn sentence(what: Difference, there: &Campaign, here: &Campaign, home: Zone) -> Option<String> {
    let both = |name: &str, say: &dyn Fn(&Campaign) -> String| {
        Some(format!("{name}: {}, there {}.", say(here), say(there)))
    };
    let moment = |at: Option<_>| match at {
        Some(at) => home.show(at).to_string(),
        None => "none".to_owned(),
    };
    match what {
        Difference::Name => None,
        Difference::Kind => both("Kind", &|of| of.kind.to_string()),
        Difference::Template if there.template != here.template => {
            Some("Another template.".to_owned())
        }
        Difference::Template => both("Template", &|of| format!("version {}", of.template_version)),
        Difference::Audience => both("Audience", &|of| to_whom(&of.audience, of.kind)),
        Difference::Rate => both("Speed at most", &|of| match of.limits.rate_per_second {
            0 => "no limit".to_owned(),
            rate => format!("{}/s", count(rate.into())),
        }),
        Difference::Canary => both("Canary", &|of| in_words_of_canary(of.limits.canary)),
        Difference::FinishBy => both("Deadline", &|of| moment(of.limits.finish_by)),
        Difference::LaunchAt => both("Launch", &|of| moment(of.limits.launch_at)),
        Difference::Quiet => both("Quiet hours", &|of| {
            let quiet = of.limits.quiet.map(|quiet| quiet.to_string());
            quiet.unwrap_or_else(|| "none".to_owned())
        }),
        Difference::Policy => both("If unsure", &|of| match of.on_uncertain {
            UncertainPolicy::Resend => "send again".to_owned(),
            UncertainPolicy::Leave => "do not send again".to_owned(),
        }),
    }
}
