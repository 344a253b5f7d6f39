//! The page of one template: its text in each language, what the check found, the preview.

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;

use super::compare::Compared;
use super::language::own_name;
use super::preview::{Asked, Finding, LOOKS, Preview, sample};
use crate::app::App;
use crate::id::TemplateId;
use crate::incident::{self, Incident};
use crate::person::hardest::Hard;
use crate::staff::Right;
use crate::staff::right::SeeTemplates;
use crate::template::lint::{self, Severity};
use crate::template::menu::{Group, menu};
use crate::template::rules::Rules;
use crate::template::{self, Template as Text, naming, starting_text, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer;
use crate::web::console::findings::Findings;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment, Tone};
use crate::web::problem::{Answer, Problem};

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
    /// What can be inserted.
    pub menu: Vec<Group>,
    /// The facts that the texts quote, and what the incident says for each.
    pub quoted: Vec<Quoted>,
    /// What another account saved since the typed texts were read.
    pub theirs: Vec<Compared>,
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
    /// The kinds of readers to choose from; the first is a sample.
    pub readers: Vec<Choice>,
    /// The kind of reader chosen.
    pub reader: String,
    /// How the HTML part can be shown.
    pub looks: Vec<Choice>,
    /// How it is shown: the class of its frame.
    pub look: String,
    /// Whether the reader may see people.
    pub may_see_people: bool,
}

/// A fact that a text quotes.
#[derive(Debug, Clone)]
pub struct Quoted {
    /// Its key.
    pub key: String,
    /// What the incident says; `None` if it says nothing.
    pub words: Option<String>,
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

    /// How many of the quoted facts the incident does not have.
    fn missing(&self) -> usize {
        self.quoted
            .iter()
            .filter(|fact| fact.words.is_none())
            .count()
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
    let incidents = incident::store::list(&mut *app.db.get().await?).await?;
    let incident = match asked.incident.as_str() {
        "" => None,
        slug => {
            let found = incidents.iter().find(|one| one.slug == slug);
            Some(found.ok_or_else(Problem::not_found)?)
        }
    };
    let sample = sample(app, who, &of, (incident, &asked)).await?;
    let findings = findings(&of, sample.findings, &sample.locale);
    let (menu, quoted) = (menu(incident.map(|one| &one.facts)), quoted(&of, incident));
    let mut conn = app.db.get().await?;
    let about = store::about(&mut conn, of.id, of.version).await?;
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
        by: about.by,
        at: Moment::ago(about.at, app.now()),
        campaigns: about.campaigns,
        variants: of.variants.into_iter().map(Variant::from).collect(),
        names: of.names.to_string(),
        locale: sample.locale,
        findings,
        remarks,
        preview: sample.preview,
        within: within(incidents, who, asked),
        menu,
        quoted,
        theirs: Vec::new(),
        unsaved: false,
        based_on: of.version.into(),
        faults: Faults::default(),
        may_edit: who.may(Right::EditTemplate),
    })
}

/// What the check finds in the text of a language, after what is wrong with its preview.
fn findings(of: &Text, mut findings: Vec<Finding>, locale: &str) -> Vec<Finding> {
    let named = naming::findings(&of.variants, of.names).into_iter();
    let named = named.filter(|(tag, _)| *tag == locale);
    findings.extend(named.map(|(_, one)| finding(one)));
    findings
}

/// The facts that the texts quote. A text that does not compile quotes none.
fn quoted(of: &Text, incident: Option<&Incident>) -> Vec<Quoted> {
    let texts = of.variants.iter();
    let each =
        texts.flat_map(|(locale, text)| starting_text::quoted(locale, text).unwrap_or_default());
    let keys: BTreeSet<String> = each.collect();
    let words = |key: &str| incident.and_then(|one| one.facts.get(key).cloned());
    keys.into_iter()
        .map(|key| Quoted {
            words: words(&key),
            key,
        })
        .collect()
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

fn within(incidents: Vec<Incident>, who: &Signed, asked: Asked) -> Within {
    let choice = |value: &str, words: &str| Choice {
        value: value.to_owned(),
        words: words.to_owned(),
    };
    let none = choice("", "No incident: facts show as their keys");
    let incidents = incidents.iter().map(|one| choice(&one.slug, &one.title));
    let hard = Hard::ALL.map(|hard| choice(hard.as_str(), hard.in_words()));
    Within {
        incidents: [none].into_iter().chain(incidents).collect(),
        readers: [choice("", "a sample person")]
            .into_iter()
            .chain(hard)
            .collect(),
        looks: LOOKS.map(|(look, words)| choice(look, words)).to_vec(),
        look: asked.look().to_owned(),
        incident: asked.incident,
        reference: asked.reference,
        reader: asked.reader,
        may_see_people: who.may(Right::SeePeople),
    }
}
