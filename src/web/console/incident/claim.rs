//! One claim of an incident: its texts and its state, and its versions.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::claims::{OldRow, Text, old_row};
use super::incident_at;
use crate::app::App;
use crate::audit::changed::Changed;
use crate::db::Conn;
use crate::incident::claims::{DEFAULT, KEYS, Texts, Version};
use crate::incident::steer::{self, NewClaim, SteerError};
use crate::incident::{BadText, Facts, Incident, UpdateKind, check_facts, store};
use crate::person::place::Locale;
use crate::staff::Right;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::template::diff::{Piece, words};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::console::changed::sentence;
use crate::web::console::names::Names;
use crate::web::console::template::language::own_name;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::old_texts::still_said;
use crate::web::page::{self, Area, ConsoleFrame, Fault, Faults, Moment};
use crate::web::problem::{Answer, Problem};

/// How many versions the page shows.
const LATEST: i64 = 30;

/// `/console/incidents/{slug}/claims/{claim}`
#[derive(Template)]
#[template(path = "console/incident/claim.html")]
pub struct ClaimPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// Its working title.
    pub title: String,
    /// The claim's key.
    pub key: String,
    /// The question that its text answers; empty for a key of one's own.
    pub question: &'static str,
    /// The version of the incident that the reader saw.
    pub version: i32,
    /// The state, as chosen.
    pub state: String,
    /// The texts, as typed; the last is empty, for another language.
    pub texts: Vec<Text>,
    /// Why it was not saved; fields `state`, `text-1`, `locale-1` …
    pub faults: Faults,
    /// The texts as they are saved, if another account saved them meanwhile.
    pub theirs: Vec<Text>,
    /// The versions, the latest first.
    pub history: Vec<Past>,
    /// Where an old text of it still stands.
    pub old: Vec<OldRow>,
    /// Whether the reader may change it.
    pub may_edit: bool,
    /// Whether it has no text yet.
    pub is_new: bool,
}

/// One version of the claim.
#[derive(Debug, Clone)]
pub struct Past {
    /// Who wrote it.
    pub who: String,
    /// When; `None`: not on record.
    pub at: Option<Moment>,
    /// How sure it was.
    pub state: UpdateKind,
    /// What it changed, language by language.
    pub changes: Vec<PastText>,
}

/// What a version changed in one language.
#[derive(Debug, Clone)]
pub struct PastText {
    /// The language, in itself.
    pub language: String,
    /// The language tag.
    pub locale: String,
    /// The former and the new text.
    pub pieces: Vec<Piece>,
}

impl ClaimPage {
    fn id(of: &str, n: &usize) -> String {
        format!("{of}-{n}")
    }

    /// The label of a field of a text: `Text in Español`.
    fn words_of(&self, what: &str, of: &Text) -> String {
        match (what, of.locale.is_empty()) {
            (_, true) => format!("{what}: another language"),
            ("Text", false) => format!("Text in {}", of.language),
            (_, false) => format!("{what}: {}", of.language),
        }
    }

    /// The states that may be chosen. Nothing of a new claim can be corrected.
    fn states(&self) -> Vec<Choice> {
        let may = |state: &&UpdateKind| !self.is_new || **state != UpdateKind::Corrected;
        let choice = |state: &UpdateKind| Choice {
            value: state.to_string(),
            words: match state {
                UpdateKind::Known => "Known",
                UpdateKind::BeingChecked => "Being checked",
                UpdateKind::Corrected => "Corrected: what we said before was wrong",
            }
            .to_owned(),
        };
        UpdateKind::ALL.iter().filter(may).map(choice).collect()
    }
}

/// The form of a claim.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    version: i32,
    state: String,
    locale: Vec<String>,
    text: Vec<String>,
}

impl Typed {
    fn pairs(&self) -> Vec<Text> {
        let pairs = self.locale.iter().zip(&self.text);
        let all = pairs.map(|(locale, text)| Text {
            locale: locale.trim().to_owned(),
            language: own_name(locale.trim()),
            text: text.replace("\r\n", "\n"),
        });
        all.filter(|one| !(one.locale.is_empty() && one.text.trim().is_empty()))
            .collect()
    }

    /// The claim, or what is wrong with a field.
    fn read(&self, key: &str) -> Result<NewClaim, Fault> {
        let fault = |field: String, text: &str| Fault {
            field,
            text: text.to_owned(),
        };
        let state = self.state.parse();
        let state = state.map_err(|_| fault("state".to_owned(), "Choose one of these."))?;
        let mut texts = Texts::new();
        for (n, one) in self.pairs().into_iter().enumerate() {
            let at = format!("locale-{}", n + 1);
            let locale = Locale::parse(&one.locale);
            let locale = locale.map_err(|why| fault(at.clone(), &why.to_string()))?;
            if texts.insert(locale.to_string(), one.text).is_some() {
                return Err(fault(at, "This language has a text already."));
            }
        }
        Ok(NewClaim {
            key: key.to_owned(),
            state,
            texts,
        })
    }
}

fn check_key(key: &str) -> Result<(), Problem> {
    check_facts(&Facts::from([(key.to_owned(), String::new())])).map_err(|_| Problem::not_found())
}

/// `GET /console/incidents/{slug}/claims/{claim}`: also of a claim that does not exist yet.
///
/// # Errors
/// 404, or a key that no claim can have.
pub(crate) async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
) -> Answer {
    let (slug, key) = path.into_inner();
    check_key(&key)?;
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = load(&app, &mut conn, &req, &who, incident, key).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// `POST /console/incidents/{slug}/claims/{claim}`. A claim that is refused, or that another account changed meanwhile, is
/// shown with what was typed.
///
/// # Errors
/// 404, or a key that no claim can have.
pub(crate) async fn save(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
    form: Form<Typed>,
) -> Answer {
    let (slug, key) = path.into_inner();
    check_key(&key)?;
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let new = match form.read(&key) {
        Err(fault) => {
            return again(&app, &req, &who, (&slug, key), &form, Refused::At(fault)).await;
        }
        Ok(new) => new,
    };
    let refused = match steer::edit_claim(&app, who.id, incident.id, form.version, &new).await {
        Ok(_) => {
            let to = format!("/console/incidents/{slug}/facts");
            return Ok(redirect(&to, "claim"));
        }
        Err(SteerError::Text(why)) => Refused::At(at(why)),
        Err(SteerError::Changed(changed)) => Refused::Changed(changed),
        Err(error) => return Err(error.into()),
    };
    again(&app, &req, &who, (&slug, key), &form, refused).await
}

/// Why a claim was not saved.
enum Refused {
    /// A field is wrong.
    At(Fault),
    /// Another account changed it.
    Changed(Box<Changed>),
}

/// The page with what was typed.
async fn again(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    (slug, key): (&str, String),
    form: &Typed,
    refused: Refused,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, slug).await?;
    let page = load(app, &mut conn, req, who, incident, key).await?;
    let (status, fault, version, theirs) = match refused {
        Refused::At(fault) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            (status, fault, form.version, Vec::new())
        }
        Refused::Changed(changed) => {
            let fault = meanwhile(&mut conn, &changed, app.now()).await?;
            let mut theirs = page.texts.clone();
            theirs.retain(|one| !one.text.is_empty());
            // Saved again, it replaces what the page shows.
            (StatusCode::CONFLICT, fault, page.version, theirs)
        }
    };
    let page = ClaimPage {
        texts: form.pairs(),
        state: form.state.clone(),
        version,
        faults: Faults(vec![fault]),
        theirs,
        ..page
    };
    Ok(page::show(status, &page.with_empty())?)
}

/// The field of a refused text.
fn at(why: BadText) -> Fault {
    let field = match why {
        BadText::NothingToCorrect => "state",
        BadText::Language => "locale-1",
        _ => "text-1",
    };
    Fault {
        field: field.to_owned(),
        text: why.to_string(),
    }
}

/// Who changed the claim since the page was loaded.
async fn meanwhile(
    conn: &mut Conn,
    changed: &Changed,
    now: DateTime<Utc>,
) -> Result<Fault, Problem> {
    let names = Names::load(conn).await?;
    let who = changed.last().map(|edit| sentence(edit, &names, now));
    let who = who.unwrap_or_else(|| "Another person changed it".to_owned());
    let text =
        format!("{who}. What you typed is kept below. Save it again to replace what is saved now.");
    Ok(Fault {
        field: "text-1".to_owned(),
        text,
    })
}

impl ClaimPage {
    /// With an empty pair at the end, for another language.
    fn with_empty(mut self) -> Self {
        if self.texts.is_empty() {
            self.texts
                .push(Text::of((&DEFAULT.to_owned(), &String::new())));
        } else if self.texts.iter().all(|one| !one.locale.is_empty()) {
            self.texts.push(Text {
                locale: String::new(),
                language: "Another language".to_owned(),
                text: String::new(),
            });
        }
        self
    }
}

async fn load(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    key: String,
) -> Result<ClaimPage, Problem> {
    let claims = steer::claims_of(conn, &of).await?;
    let claim = claims.get(&key).filter(|claim| !claim.texts.is_empty());
    let past = store::claims::history(conn, of.id, Some(&key), LATEST).await?;
    let old = still_said(conn, &of).await?;
    let names = Names::load(conn).await?;
    let desk = answer::frame(app, conn, req, who, Area::Incidents).await?;
    let known = KEYS.iter().find(|one| one.0 == key);
    let page = ClaimPage {
        question: known.map_or("", |one| one.1),
        version: of.version,
        state: claim.map_or(UpdateKind::Known, |one| one.state).to_string(),
        texts: claim.map_or_else(Vec::new, |one| one.texts.iter().map(Text::of).collect()),
        faults: Faults::default(),
        theirs: Vec::new(),
        history: history(&past, &names),
        old: {
            let here = old.iter().filter(|one| one.key == key);
            here.map(|one| old_row(one, &desk)).collect()
        },
        may_edit: who.may(Right::SteerIncident) && of.forgotten_at.is_none(),
        is_new: claim.is_none(),
        slug: of.slug,
        title: of.title,
        desk,
        key,
    };
    Ok(page.with_empty())
}

/// The versions with what each changed, the latest first.
fn history(past: &[Version], names: &Names) -> Vec<Past> {
    let none = Texts::new();
    let line = |(n, one): (usize, &Version)| {
        let before = past.get(n + 1).map_or(&none, |before| &before.texts);
        Past {
            who: one
                .by
                .map_or_else(|| "No author on record".to_owned(), |by| names.of(by)),
            at: one.at.map(Moment::exact),
            state: one.state,
            changes: differing(before, &one.texts),
        }
    };
    past.iter().enumerate().map(line).collect()
}

fn differing(before: &Texts, after: &Texts) -> Vec<PastText> {
    let mut locales: Vec<&String> = before.keys().chain(after.keys()).collect();
    locales.sort_unstable();
    locales.dedup();
    let text = |of: &Texts, locale: &String| of.get(locale).cloned().unwrap_or_default();
    let changed = locales
        .into_iter()
        .filter(|locale| before.get(*locale) != after.get(*locale));
    changed
        .map(|locale| PastText {
            language: own_name(locale),
            locale: locale.clone(),
            pieces: words(&text(before, locale), &text(after, locale)),
        })
        .collect()
}
