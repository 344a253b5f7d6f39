//! One template: its words per language, what the check found, how it will look.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::Choice;
use super::around::{self, Names, last_deed, on_to};
use super::preview::{self, sample};
pub use super::preview::{Asked, Finding, Preview};
use super::templates::LATEST;
use crate::app::App;
use crate::db::Conn;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::incident::Incident;
use crate::staff::Right;
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::edit::{self, EditError};
use crate::template::lint::{self, Severity};
use crate::template::merge::Part;
use crate::template::{self, Template as Text, Variants, naming, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Faults, Moment, Tone};
use crate::web::problem::{Answer, Problem};
use crate::{campaign, incident};

/// `/console/templates/{id}`
#[derive(Template)]
#[template(path = "console/template.html")]
pub struct TemplatePage {
    /// The frame.
    pub desk: Desk,
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
    /// Campaigns that use this version: it is then immutable, and saving makes the next.
    pub campaigns: i64,
    /// One per locale.
    pub variants: Vec<Variant>,
    /// Codes of the elements that the texts name by words, as typed.
    pub names: String,
    /// The locale previewed, and opened in the editor.
    pub locale: String,
    /// What the check found in that variant.
    pub findings: Vec<Finding>,
    /// How it reads for a sample person; none while it cannot be rendered.
    pub preview: Option<Preview>,
    /// In what the preview is set, and for whom.
    pub within: Within,
    /// Whether the words are as typed and not saved.
    pub unsaved: bool,
    /// The version that the words were made from.
    pub based_on: i64,
    /// Why saving was refused; fields `subject-1`, `body-1`, `locale-1` … by place.
    pub faults: Faults,
    /// Whether this person may write.
    pub may_edit: bool,
}

/// What a preview is asked for: in an incident or without one, for a real person or a sample.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// Incidents by slug; the first is none.
    pub incidents: Vec<Choice>,
    /// The incident chosen; empty for none.
    pub incident: String,
    /// A person's reference there; empty for a sample.
    pub reference: String,
    /// Whether this person may look people up.
    pub may_see_people: bool,
}

/// The words in one language, as typed.
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
    /// The variants and an empty one for a new language, so that the form needs no script.
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

    /// The sentence for a field at a place, or nothing.
    fn fault(&self, field: &str, place: &usize) -> &str {
        self.faults.of(&self.at(field, place))
    }
}

/// `GET /console/templates/{id}`.
///
/// # Errors
/// 404, also for an incident or reference that is not there.
pub async fn show(
    who: Allowed<SeeTemplates>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Query<Asked>,
) -> Answer {
    let template = store::find(&mut *app.db.get().await?, *id, None).await?;
    let page = filled(&app, &req, &who, template, asked.into_inner()).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

async fn filled(
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
    let last = last_deed(&mut conn, of.id).await?;
    let (by, at) = last.unwrap_or_else(|| (String::new(), app.now()));
    let mut findings = sample.findings;
    let named = naming::findings(&of.variants, of.names).into_iter();
    let named = named.filter(|(locale, _)| *locale == sample.locale);
    findings.extend(named.map(|(_, one)| finding(one)));
    if let Some(text) = of.variants.get(&sample.locale) {
        findings.extend(
            lint::lint(&text.subject, &text.body, &sample.locale)
                .into_iter()
                .map(finding),
        );
    }
    let variant = |(locale, text): (String, template::Variant)| Variant {
        language: language(&locale),
        locale,
        subject: text.subject,
        body: text.body,
    };
    Ok(TemplatePage {
        desk: around::desk(app, &mut conn, req, who, Area::Templates).await?,
        id: of.id.to_string(),
        name: of.name,
        version: of.version.into(),
        by: Names::load(&mut conn).await?.of_actor(&by),
        at: Moment::ago(at, app.now()),
        campaigns,
        variants: of.variants.into_iter().map(variant).collect(),
        names: of.names.to_string(),
        locale: sample.locale,
        findings,
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

/// What the editor sends: a triple for every language, and what its preview is set in.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Words {
    locale: Vec<String>,
    subject: Vec<String>,
    body: Vec<String>,
    names: String,
    /// The version that the editor showed.
    version: Option<i32>,
    /// `show`, or `show:` and a language, to look at what was typed and save nothing.
    act: String,
    /// The language that was shown.
    shown: String,
    incident: String,
    reference: String,
}

impl Words {
    /// The triples that have a language, as typed.
    fn triples(&self) -> Vec<(String, template::Variant)> {
        let texts = self.subject.iter().zip(&self.body);
        let triple = |(tag, (subject, body)): (&String, (&String, &String))| {
            let text = template::Variant {
                subject: subject.clone(),
                body: body.replace("\r\n", "\n"),
            };
            (tag.trim().to_owned(), text)
        };
        let triples = self.locale.iter().zip(texts).map(triple);
        triples.filter(|(tag, _)| !tag.is_empty()).collect()
    }

    fn names(&self) -> Result<ElementSet, EditError> {
        ElementSet::parse(&self.names.replace(',', ";")).map_err(EditError::Names)
    }

    /// What the page is to show.
    fn asked(&self) -> Asked {
        let locale = self.act.strip_prefix("show:").unwrap_or(&self.shown);
        Asked {
            locale: locale.to_owned(),
            incident: self.incident.clone(),
            reference: self.reference.clone(),
        }
    }
}

/// `POST /console/templates/{id}/versions`: saves a new version; with `act=show` shows what was typed and saves nothing.
///
/// # Errors
/// 404, a form that is not ours; texts that do not compile show the page again.
pub async fn save(
    who: Allowed<EditTemplate>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    mut form: Form<Words>,
) -> Answer {
    let words = std::mem::take(&mut form.typed);
    if words.act.starts_with("show") {
        return again(&app, &req, &who, (*id, words, form.faults), StatusCode::OK).await;
    }
    let triples = words.triples();
    let variants: Variants = triples.iter().cloned().collect();
    let saved = match words.names() {
        Ok(names) => {
            let texts = edit::Words {
                variants: &variants,
                names,
            };
            edit::add_version(&app, who.id, *id, texts, words.version).await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => return Ok(on_to(&format!("/console/templates/{id}"), "saved")),
        Err(EditError::Text(wrong)) => {
            for (locale, error) in wrong {
                let place = triples
                    .iter()
                    .position(|(tag, _)| *tag == locale)
                    .unwrap_or(0)
                    + 1;
                let part = if error.part == Part::Subject {
                    "subject"
                } else {
                    "body"
                };
                form.fault(&format!("{part}-{place}"), format!("{locale}: {error}"));
            }
        }
        Err(why @ EditError::Names(_)) => form.fault("names", why),
        // The page comes again with the newest version's number: who saves then has read this.
        Err(why @ EditError::Changed { .. }) => {
            form.fault("locale-1", why);
            let words = Words {
                version: None,
                ..words
            };
            let refused = StatusCode::UNPROCESSABLE_ENTITY;
            return again(&app, &req, &who, (*id, words, form.faults), refused).await;
        }
        Err(why @ EditError::Variants) => form.fault("locale-1", why),
        Err(error) => return Err(error.into()),
    }
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    again(&app, &req, &who, (*id, words, form.faults), refused).await
}

/// The page with what was typed, unsaved: check and preview are of that.
async fn again(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    (id, words, faults): (TemplateId, Words, Faults),
    status: StatusCode,
) -> Answer {
    let saved = store::find(&mut *app.db.get().await?, id, None).await?;
    let triples = words.triples();
    let typed: Variants = triples.iter().cloned().collect();
    let unsaved = typed != saved.variants || words.names != saved.names.to_string();
    let names = words.names().unwrap_or(saved.names);
    let shown = Text {
        // Of nothing there is no preview.
        variants: match typed.is_empty() {
            true => saved.variants.clone(),
            false => typed,
        },
        names,
        ..saved
    };
    let page = filled(app, req, who, shown, words.asked()).await?;
    let variant = |(locale, text): (String, template::Variant)| Variant {
        language: language(&locale),
        locale,
        subject: text.subject,
        body: text.body,
    };
    let page = TemplatePage {
        variants: triples.into_iter().map(variant).collect(),
        based_on: words.version.map_or(page.version, i64::from),
        names: words.names,
        faults,
        unsaved,
        ..page
    };
    Ok(page::show(status, &page)?)
}

/// `POST /console/templates/{id}/preview`: the HTML part of what was typed, for the frame of the editor's page.
///
/// # Errors
/// 404, or a text that cannot be rendered.
pub async fn draw(
    who: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    form: Form<Words>,
) -> Answer {
    let saved = store::find(&mut *app.db.get().await?, *id, None).await?;
    let typed = Text {
        variants: form.triples().into_iter().collect(),
        ..saved
    };
    preview::drawn(&app, &who, &typed, &form.asked()).await
}

/// A language's name, as far as we know it; else its code.
pub(super) fn language(locale: &str) -> String {
    let of = locale.split('-').next().unwrap_or(locale);
    let name = match of {
        "en" => "English",
        "es" => "Español",
        "fr" => "Français",
        "de" => "Deutsch",
        "vi" => "Tiếng Việt",
        "ru" => "Русский",
        "zh" => "中文",
        "ko" => "한국어",
        "ar" => "العربية",
        "he" => "עברית",
        "ja" => "日本語",
        "pt" => "Português",
        "tl" => "Tagalog",
        "hi" => "हिन्दी",
        _ => return locale.to_owned(),
    };
    if of == locale {
        name.to_owned()
    } else {
        format!("{name} ({locale})")
    }
}
