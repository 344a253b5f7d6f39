//! The page of one recall: the wrong texts, the people who were sent them, the correction, and who may publish it.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::in_words;
use crate::app::App;
use crate::campaign::store::Overview;
use crate::campaign::{self, CampaignStatus};
use crate::db;
use crate::db::Conn;
use crate::id::RecallId;
use crate::recall::readers::{self, Count};
use crate::recall::texts::not_sent_yet;
use crate::recall::{Recall, RecallStatus, WrongTexts, store};
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::template::store::Listed;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer;
use crate::web::console::campaign::row::which;
use crate::web::console::history::history;
use crate::web::console::names::Names;
use crate::web::console::{Choice, HistoryLine};
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::person_lookup::CAMPAIGNS;
use crate::web::problem::{Answer, Problem};
use crate::{incident, template};

/// How long the page waits for the number of people. The count reads all notices of the campaigns.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/console/recalls/{id}`
#[derive(Template)]
#[template(path = "console/recall/page.html")]
pub struct RecallPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// Its id.
    pub id: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// What is wrong.
    pub what: String,
    /// Its state.
    pub status: RecallStatus,
    /// The version that the page shows; the forms carry it.
    pub version: i32,
    /// The wrong texts that were sent, by campaign.
    pub texts: Vec<TextRow>,
    /// Campaigns that were submitted and not launched, with the same text.
    pub waiting: Vec<TextRow>,
    /// How many people were sent it; `None` if the count takes longer than a page waits.
    pub count: Option<Count>,
    /// The correction, by language.
    pub corrections: Vec<(String, String)>,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Moment,
    /// Who published it, and when.
    pub published: Option<(String, Moment)>,
    /// Whether the reader may publish it: another person than the one who proposed it.
    pub may_publish: bool,
    /// Whether the reader may discard or withdraw it.
    pub may_steer: bool,
    /// The templates that the reader may use for a correction to these people; empty: the reader may not draft one.
    pub templates: Vec<Choice>,
    /// The template chosen.
    pub template: String,
    /// Why a form was refused.
    pub faults: Faults,
    /// The latest acts.
    pub log: Vec<HistoryLine>,
}

/// The wrong texts of one campaign.
#[derive(Debug, Clone)]
pub struct TextRow {
    /// The campaign's id.
    pub campaign: String,
    /// Its name, number, kind and day.
    pub name: String,
    /// Its state.
    pub status: CampaignStatus,
    /// The languages of the wrong texts.
    pub languages: String,
}

impl RecallPage {
    /// The address that a form of the page posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/recalls/{}/{action}", self.id)
    }

    /// Whether a campaign with the text is still being sent.
    fn is_being_sent(&self) -> bool {
        let mut sending = self.texts.iter();
        sending.any(|one| one.status == CampaignStatus::Sending)
    }
}

/// `GET /console/recalls/{id}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
) -> Answer {
    let page = load(&app, &req, &who, *id).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page for its reader.
///
/// # Errors
/// 404, or database errors.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: RecallId,
) -> Result<RecallPage, Problem> {
    let mut conn = app.db.get().await?;
    let recall = store::find(&mut conn, id).await?;
    let incident = incident::store::find(&mut conn, recall.incident).await?;
    let of = Some(recall.incident);
    let campaigns = campaign::store::overviews(&mut conn, of, None, CAMPAIGNS).await?;
    let templates = template::store::list(&mut conn).await?;
    let names = Names::load(&mut conn).await?;
    let (log, _) = history(&mut conn, id, app.now()).await?;
    let count = count(&mut conn, &recall).await?;
    let (texts, waiting) = rows(&recall, &campaigns);
    let waits = recall.status == RecallStatus::Proposed;
    let own = recall.proposed.0 == who.id;
    let may_draft = recall.status == RecallStatus::Published && who.may(Right::DraftCampaign);
    Ok(RecallPage {
        desk: answer::frame(app, &mut conn, req, who, Area::Incidents).await?,
        id: id.to_string(),
        slug: incident.slug,
        title: incident.title,
        what: in_words(&recall.named, &templates),
        status: recall.status,
        version: recall.version,
        texts,
        waiting,
        count,
        proposed_by: names.of(recall.proposed.0),
        proposed_at: Moment::exact(recall.proposed.1),
        published: recall
            .published
            .map(|(by, at)| (names.of(by), Moment::exact(at))),
        may_publish: waits && !own && who.may(Right::ApproveCampaign),
        may_steer: who.may(Right::DraftCampaign) && !recall.status.after().is_empty(),
        corrections: recall.corrections.into_iter().collect(),
        templates: match may_draft {
            true => choices(&templates),
            false => Vec::new(),
        },
        template: String::new(),
        faults: Faults::default(),
        log,
    })
}

/// The templates in their newest versions.
fn choices(templates: &[Listed]) -> Vec<Choice> {
    let none = Choice {
        value: String::new(),
        words: "Choose a template".to_owned(),
    };
    let choice = |one: &Listed| Choice {
        value: one.id.to_string(),
        words: format!("{}, version {}", one.name, one.version),
    };
    std::iter::once(none)
        .chain(templates.iter().map(choice))
        .collect()
}

/// The people who were sent a wrong text, if they are counted in time.
async fn count(conn: &mut Conn, recall: &Recall) -> db::Result<Option<Count>> {
    let count = async |conn: &mut Conn| readers::count(conn, recall).await;
    db::within(conn, PATIENCE, count).await
}

/// The rows of the wrong texts that were sent, and of those that wait.
fn rows(recall: &Recall, campaigns: &[Overview]) -> (Vec<TextRow>, Vec<TextRow>) {
    let row = |of: &Overview, languages: &[String]| TextRow {
        campaign: of.campaign.id.to_string(),
        name: format!("{} ({})", of.campaign.name, which(of.number, &of.campaign)),
        status: of.campaign.status,
        languages: languages.join(", "),
    };
    let find = |texts: &WrongTexts| {
        let of = campaigns
            .iter()
            .find(|one| one.campaign.id == texts.campaign)?;
        Some(row(of, &texts.locales))
    };
    let sent = recall.texts.iter().filter_map(find).collect();
    let each = campaigns.iter().map(|one| &one.campaign);
    let waiting = not_sent_yet(each, &recall.named);
    let waiting = campaigns
        .iter()
        .filter(|one| waiting.contains(&one.campaign.id));
    (sent, waiting.map(|one| row(one, &[])).collect())
}
