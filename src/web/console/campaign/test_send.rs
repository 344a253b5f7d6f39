//! Tests of a campaign's text: the form that sends one, and what became of those sent.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::app::App;
use crate::campaign::error::{CampaignError, TestError};
use crate::campaign::store::test::SentTest;
use crate::campaign::test_send::{self, Test};
use crate::campaign::{Campaign, approval, store};
use crate::db;
use crate::element::{Element, ElementSet};
use crate::id::{CampaignId, StaffId};
use crate::outbox::LetterStatus;
use crate::staff::right::DraftCampaign;
use crate::staff::{self, Staff};
use crate::template;
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, redirect};
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::problem::{Answer, Problem};

/// How many of the latest test messages the page shows.
const LATEST: i64 = 100;

/// `/console/campaigns/{id}/tests`
#[derive(Template)]
#[template(path = "console/campaign/test_send.html")]
pub struct Tests {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The accounts that can get a test.
    pub people: Vec<Tick>,
    /// The languages of the texts.
    pub languages: Vec<Tick>,
    /// The elements that the invented person can have lost.
    pub elements: Vec<Tick>,
    /// The tests sent, newest first.
    pub sent: Vec<Line>,
    /// Why it was refused.
    pub faults: Faults,
}

/// A box of the form.
#[derive(Debug, Clone)]
pub struct Tick {
    /// What the form sends.
    pub value: String,
    /// The text beside it.
    pub words: String,
    /// Whether it is ticked.
    pub ticked: bool,
}

/// A test that was sent.
#[derive(Debug, Clone)]
pub struct Line {
    /// Who gets it.
    pub to: String,
    /// The language of its text.
    pub language: String,
    /// Who sent it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Where it stands.
    pub state: &'static str,
    /// What the relay said last.
    pub reply: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    to: Vec<StaffId>,
    locale: Vec<String>,
    element: Vec<String>,
}

/// `GET /console/campaigns/{id}/tests`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
) -> Answer {
    shown(&app, &req, &who, *id, (None, Faults::default())).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: CampaignId,
    (chosen, faults): (Option<Chosen>, Faults),
) -> Answer {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, id).await?;
    let staff = staff::store::list(&mut conn).await?;
    let languages = languages(&mut conn, &campaign).await?;
    let chosen = chosen.unwrap_or_else(|| Chosen {
        to: vec![who.id],
        locale: languages.clone(),
        element: Vec::new(),
    });
    let sent = store::test::list(&mut conn, id, LATEST).await?;
    let names = Names::of_staff(&staff);
    let element = |one: Element| Tick {
        value: one.to_string(),
        words: one.words("en").to_owned(),
        ticked: chosen.element.contains(&one.to_string()),
    };
    let status = match faults.any() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let view = Tests {
        desk: answer::frame(app, &mut conn, req, who, Area::Campaigns).await?,
        id: campaign.id.to_string(),
        name: campaign.name.to_string(),
        people: people(&staff, who.id, &chosen.to),
        languages: languages
            .iter()
            .map(|locale| language(locale, &chosen))
            .collect(),
        elements: Element::ALL.into_iter().map(element).collect(),
        sent: sent.into_iter().map(|one| line(one, &names)).collect(),
        faults,
    };
    Ok(page::show(status, &view)?)
}

/// The languages of the texts that a test sends: of what was submitted, or of the template.
async fn languages(conn: &mut db::Conn, of: &Campaign) -> Result<Vec<String>, Problem> {
    if let Ok(Some(content)) = of.submitted() {
        return Ok(content.variants.into_keys().collect());
    }
    let version = Some(of.template_version);
    let template = template::store::find(conn, of.template, version).await?;
    Ok(template.variants.into_keys().collect())
}

/// The accounts that can get a test, the reader's own first.
fn people(staff: &[Staff], me: StaffId, chosen: &[StaffId]) -> Vec<Tick> {
    let can = |one: &&Staff| one.is_person() && one.disabled_at.is_none();
    let tick = |one: &Staff| Tick {
        value: one.id.to_string(),
        words: match one.id == me {
            true => format!("{} (you)", one.name),
            false => one.name.clone(),
        },
        ticked: chosen.contains(&one.id),
    };
    let (mine, others): (Vec<&Staff>, Vec<&Staff>) =
        staff.iter().filter(can).partition(|one| one.id == me);
    mine.into_iter().chain(others).map(tick).collect()
}

fn language(locale: &str, chosen: &Chosen) -> Tick {
    Tick {
        value: locale.to_owned(),
        words: own_name(locale),
        ticked: chosen.locale.iter().any(|one| one == locale),
    }
}

fn line(of: SentTest, names: &Names) -> Line {
    Line {
        to: names.of(of.to),
        language: own_name(&of.locale),
        by: names.of(of.by),
        at: Moment::row(of.at),
        state: in_words(of.status),
        reply: of.reply.unwrap_or_default(),
    }
}

fn in_words(status: LetterStatus) -> &'static str {
    match status {
        LetterStatus::Queued => "waits to be sent",
        LetterStatus::Sent => "a relay took it",
        LetterStatus::Failed => "not sent: it was refused",
        LetterStatus::Withheld => "not sent: the incident was forgotten",
        LetterStatus::Uncertain => "perhaps sent: the answer was lost",
    }
}

/// `POST /console/campaigns/{id}/tests`.
///
/// # Errors
/// 404; a form with faults shows the page again.
pub(crate) async fn send(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    mut form: Form<Chosen>,
) -> Answer {
    let sent = match (form.to.is_empty(), form.locale.is_empty()) {
        (false, false) => {
            let elements = ElementSet::parse(&form.element.join(";"));
            let elements = match elements.unwrap_or(ElementSet::EMPTY) {
                ElementSet::EMPTY => most_common(&app, &audiences, *id).await?,
                chosen => chosen,
            };
            let test = Test {
                to: form.to.clone(),
                locales: form.locale.clone(),
                elements,
            };
            test_send::send(&app, who.id, *id, &test).await
        }
        _ => Err(TestError::Nobody.into()),
    };
    let field = match sent {
        Ok(_) => {
            return Ok(redirect(
                &format!("/console/campaigns/{id}/tests"),
                "tested",
            ));
        }
        Err(CampaignError::Test(TestError::NoText(_)) | CampaignError::Text(_)) => "languages",
        Err(CampaignError::Test(_)) => "people",
        Err(error) => return Err(error.into()),
    };
    if let Err(why) = sent {
        form.fault(field, sentence(why));
    }
    shown(&app, &req, &who, *id, (Some(form.typed), form.faults)).await
}

/// What most people of the audience lost; nothing if they are not counted in time.
pub(crate) async fn most_common(
    app: &App,
    audiences: &AudienceCounts,
    id: CampaignId,
) -> Result<ElementSet, Problem> {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, id).await?;
    let present = approval::present_content(app, &mut conn, &campaign)
        .await
        .ok();
    drop(conn);
    let Some(present) = present.filter(|_| campaign.launched_at.is_none()) else {
        return Ok(ElementSet::EMPTY);
    };
    let counted = audiences
        .in_time(app, Asked::of(&campaign, Some(present.scope)))
        .await;
    let classes = counted.iter().flat_map(|counted| &counted.classes);
    let most = classes.max_by_key(|class| class.people);
    Ok(most.map_or(ElementSet::EMPTY, |class| class.exposed))
}
