//! The preview of a template, on its page and in a frame.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::app::App;
use crate::id::TemplateId;
use crate::incident::Incident;
use crate::incident::claims::told;
use crate::staff::right::SeeTemplates;
use crate::template::merge::{MergeError, Part, Rendered};
use crate::template::preview::{PreviewError, Setting, preview};
use crate::template::{Template, pick, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::incident::incident_at;
use crate::web::middleware::headers::PREVIEW_POLICY;
use crate::web::page::Tone;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::sample_reader::{Wanted, reader};

/// One finding of the check.
#[derive(Debug, Clone)]
pub struct Finding {
    /// `Act` refuses the template, `Look` is advice.
    pub tone: Tone,
    /// Where: `body, line 12`.
    pub place: String,
    /// What was found, and what would be better.
    pub text: String,
}

/// A rendered sample.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The reader in words.
    pub person: String,
    /// The subject as sent.
    pub subject: String,
    /// The text part as sent.
    pub text: String,
    /// Where the HTML part alone is served.
    pub html: String,
}

/// The query: language, incident, reader and look.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(crate) locale: String,
    pub(crate) incident: String,
    pub(crate) reference: String,
    /// A word of `person::hardest::Hard`.
    pub(crate) reader: String,
    /// One of [`LOOKS`].
    pub(crate) look: String,
}

/// How the HTML part is shown: the class of its frame, and the words of the choice.
pub(crate) const LOOKS: [(&str, &str); 4] = [
    ("wide", "600 px wide"),
    ("phone", "360 px wide, as on a telephone"),
    ("dark", "600 px wide, dark"),
    ("phone-dark", "360 px wide, dark"),
];

impl Asked {
    /// The look, the first if none is asked for.
    pub(crate) fn look(&self) -> &'static str {
        let found = LOOKS.iter().find(|(look, _)| *look == self.look);
        found.unwrap_or(&LOOKS[0]).0
    }
}

/// The result of a preview.
pub(crate) struct Sample {
    pub(crate) locale: String,
    pub(crate) preview: Option<Preview>,
    pub(crate) findings: Vec<Finding>,
}

/// The preview for the page.
pub(crate) async fn sample(
    app: &App,
    who: &Signed,
    of: &Template,
    (incident, asked): (Option<&Incident>, &Asked),
) -> Result<Sample, Problem> {
    let (locale, rendered, reader) = match rendered(app, who, of, (incident, asked)).await {
        Ok(rendered) => rendered,
        // The page shows a reference that no person has as a finding.
        Err(problem) if problem.kind() == Kind::NotAccepted => {
            let wanted = match asked.locale.as_str() {
                "" => "en",
                locale => locale,
            };
            let (locale, _) = pick(&of.variants, wanted).ok_or_else(Problem::not_found)?;
            return Ok(Sample {
                locale: locale.to_owned(),
                preview: None,
                findings: vec![finding("This person".to_owned(), problem.sentence())],
            });
        }
        Err(problem) => return Err(problem),
    };
    let query = [
        ("locale", &locale),
        ("incident", &asked.incident),
        ("reference", &asked.reference),
        ("reader", &asked.reader),
        ("look", &asked.look),
    ];
    let query = serde_urlencoded::to_string(query).map_err(Problem::broken)?;
    Ok(match rendered {
        Err(error) => Sample {
            locale,
            preview: None,
            findings: findings(error),
        },
        Ok(letter) => Sample {
            locale,
            findings: Vec::new(),
            preview: Some(Preview {
                person: reader,
                subject: letter.subject,
                text: letter.text,
                html: format!("/console/templates/{}/preview?{query}", of.id),
            }),
        },
    })
}

fn finding(place: String, text: String) -> Finding {
    Finding {
        tone: Tone::Act,
        place,
        text,
    }
}

fn findings(error: PreviewError) -> Vec<Finding> {
    let one = |e: &MergeError| match e.part {
        Part::Subject => finding("Subject".to_owned(), e.problem.to_string()),
        Part::Body => finding(format!("Body, line {}", e.line), e.problem.to_string()),
    };
    match error {
        PreviewError::Text(wrong) => wrong.iter().map(one).collect(),
        PreviewError::Missing(why) => vec![finding("This person".to_owned(), why.to_string())],
    }
}

/// The language that fits, the message in it, and its reader in words.
async fn rendered(
    app: &App,
    who: &Signed,
    of: &Template,
    (incident, asked): (Option<&Incident>, &Asked),
) -> Result<(String, Result<Rendered, PreviewError>, String), Problem> {
    let wanted = Wanted {
        reference: &asked.reference,
        hard: &asked.reader,
    };
    let found = reader(app, who, incident, wanted).await?;
    let wanted = match asked.locale.as_str() {
        "" => &found.locale,
        locale => locale,
    };
    let (locale, text) = pick(&of.variants, wanted).ok_or_else(Problem::not_found)?;
    let told = incident.as_ref().map(|one| told(&one.facts, locale));
    let titled = incident.as_ref().zip(told.as_deref());
    let setting = Setting {
        organisation: &app.config.organisation.name,
        incident: titled.map(|(one, facts)| (one.title.as_str(), facts)),
        public_url: &app.config.http.public_url,
    };
    let letter = preview(locale, text, &setting, &found.reader);
    Ok((locale.to_owned(), letter, found.words))
}

/// `GET /console/templates/{id}/preview`: the HTML part alone, with a policy that forbids everything.
///
/// # Errors
/// 404, or a text that cannot be rendered.
pub(crate) async fn html(
    who: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Query<Asked>,
) -> Answer {
    let template = store::find(&mut *app.db.get().await?, *id, None).await?;
    html_of(&app, &who, &template, &asked).await
}

/// The HTML part of a text. A dark look is that of a mail program with a dark ground: the letter follows it.
pub(crate) async fn html_of(app: &App, who: &Signed, of: &Template, asked: &Asked) -> Answer {
    let incident = match asked.incident.as_str() {
        "" => None,
        slug => Some(incident_at(&mut *app.db.get().await?, slug).await?),
    };
    let (_, letter, _) = rendered(app, who, of, (incident.as_ref(), asked)).await?;
    let letter = letter?.html;
    let scheme = match asked.look().ends_with("dark") {
        true => "content=\"dark\"",
        false => "content=\"light\"",
    };
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PREVIEW_POLICY))
        .body(letter.replacen("content=\"light dark\"", scheme, 2)))
}
