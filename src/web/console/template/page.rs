//! The page of one template: its text in each language, what the check found, the preview.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;

use super::language::own_name;
use super::list::LATEST;
use super::preview::{Asked, Finding, Preview, sample};
use crate::app::App;
use crate::db::Conn;
use crate::id::TemplateId;
use crate::incident::Incident;
use crate::staff::Right;
use crate::staff::right::SeeTemplates;
use crate::template::lint::{self, Severity};
use crate::template::rules::Rules;
use crate::template::{self, Template as Text, naming, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer;
use crate::web::console::findings::Findings;
use crate::web::console::history::last_action;
use crate::web::console::names::Names;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment, Tone};
use crate::web::problem::{Answer, Problem};
use crate::{campaign, incident};

/// `/console/templates/{id}`
#[derive(Template)]
#[template(path = "console/template/page.html")]
pub struct TemplatePage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// Its id.
    pub id: String,
    /// Its name, for staff.
    pub name: String,
    /// The version shown, the latest.
    pub version: i64,
    /// Who wrote that version.
    pub by: String,
    /// When.
    pub at: Moment,
    /// The number of campaigns that use this version.
    pub campaigns: i64,
    /// The text of each language.
    pub variants: Vec<Variant>,
    /// Codes of the elements that the texts name in their own words, as typed.
    pub names: String,
    /// The language that is previewed and open in the editor.
    pub locale: String,
    /// What prevents a preview, and what the text does not name.
    pub findings: Vec<Finding>,
    /// What the rules that hold everywhere find in the text of that language.
    pub remarks: Findings,
    /// The preview; `None` while the text cannot be rendered.
    pub preview: Option<Preview>,
    /// The incident and the reader of the preview.
    pub within: Within,
    /// Whether the texts are typed and not saved.
    pub unsaved: bool,
    /// The version that the texts are based on.
    pub based_on: i64,
    /// Why saving was refused; fields `subject-1`, `body-1`, `locale-1` … by place.
    pub faults: Faults,
    /// Whether the reader may edit it.
    pub may_edit: bool,
}

/// The incident of a preview, if any, and its reader: a real person or a sample.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// The incidents by slug; the first option is none.
    pub incidents: Vec<Choice>,
    /// The incident chosen; empty for none.
    pub incident: String,
    /// The reference of a person; empty for a sample.
    pub reference: String,
    /// Whether the reader may see people.
    pub may_see_people: bool,
}

/// The text in one language, as typed.
#[derive(Debug, Clone, Default)]
pub struct Variant {
    /// BCP 47.
    pub locale: String,
    /// The language's name in words.
    pub language: String,
    /// The subject line.
    pub subject: String,
    /// Markdown with placeholders.
    pub body: String,
}

impl TemplatePage {
    /// The texts, and an empty one for a new language, so that the form works without script.
    fn rows(&self) -> Vec<Variant> {
        self.variants
            .iter()
            .cloned()
            .chain([Variant::default()])
            .collect()
    }

    /// The id of a field at a place, from 1.
    fn at(&self, field: &str, place: &usize) -> String {
        format!("{field}-{place}")
    }

    /// The fault of a field at a place, or an empty text.
    fn fault(&self, field: &str, place: &usize) -> &str {
        self.faults.of(&self.at(field, place))
    }
}

impl From<(String, template::Variant)> for Variant {
    fn from((locale, text): (String, template::Variant)) -> Self {
        Self {
            language: own_name(&locale),
            locale,
            subject: text.subject,
            body: text.body,
        }
    }
}

/// `GET /console/templates/{id}`.
///
/// # Errors
/// 404, also for an incident or reference that is not there.
pub(crate) async fn show(
    who: Allowed<SeeTemplates>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Query<Asked>,
) -> Answer {
    let template = store::find(&mut *app.db.get().await?, *id, None).await?;
    let page = load(&app, &req, &who, template, asked.into_inner()).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page for texts that are saved or typed.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Text,
    asked: Asked,
) -> Result<TemplatePage, Problem> {
    let sample = sample(app, who, &of, &asked).await?;
    let mut conn = app.db.get().await?;
    let campaigns = campaign::store::list(&mut conn, None, None, LATEST).await?;
    let using = campaigns
        .iter()
        .filter(|one| (one.template, one.template_version) == (of.id, of.version));
    let campaigns = i64::try_from(using.count()).unwrap_or(i64::MAX);
    let last = last_action(&mut conn, of.id).await?;
    let (by, at) = last.unwrap_or_else(|| (String::new(), app.now()));
    let mut findings = sample.findings;
    let named = naming::findings(&of.variants, of.names).into_iter();
    let named = named.filter(|(locale, _)| *locale == sample.locale);
    findings.extend(named.map(|(_, one)| finding(one)));
    let remarks = of.variants.get(&sample.locale).map(|text| {
        let rules = Rules::of(&app.config).map_err(Problem::broken)?;
        let found = rules.template(&sample.locale, text, app.now().date_naive());
        Ok::<_, Problem>(Findings::of_template(&found, &of.variants))
    });
    let remarks = remarks.transpose()?.unwrap_or_default();
    Ok(TemplatePage {
        desk: answer::frame(app, &mut conn, req, who, Area::Templates).await?,
        id: of.id.to_string(),
        name: of.name,
        version: of.version.into(),
        by: Names::load(&mut conn).await?.of_actor(&by),
        at: Moment::ago(at, app.now()),
        campaigns,
        variants: of.variants.into_iter().map(Variant::from).collect(),
        names: of.names.to_string(),
        locale: sample.locale,
        findings,
        remarks,
        preview: sample.preview,
        within: within(&mut conn, who, asked).await?,
        unsaved: false,
        based_on: of.version.into(),
        faults: Faults::default(),
        may_edit: who.may(Right::EditTemplate),
    })
}

fn finding(one: lint::Finding) -> Finding {
    Finding {
        tone: match one.severity {
            Severity::Error => Tone::Act,
            Severity::Warning => Tone::Look,
        },
        place: match one.line {
            0 => "All of it".to_owned(),
            line => format!("Body, line {line}"),
        },
        text: format!("{}. {}", one.what, one.why),
    }
}

async fn within(conn: &mut Conn, who: &Signed, asked: Asked) -> Result<Within, Problem> {
    let choice = |one: Incident| Choice {
        value: one.slug,
        words: one.title,
    };
    let none = Choice {
        value: String::new(),
        words: "No incident: facts show as their keys".to_owned(),
    };
    let incidents = incident::store::list(conn).await?.into_iter().map(choice);
    Ok(Within {
        incidents: [none].into_iter().chain(incidents).collect(),
        incident: asked.incident,
        reference: asked.reference,
        may_see_people: who.may(Right::SeePeople),
    })
}
