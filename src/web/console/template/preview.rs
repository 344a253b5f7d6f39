//! The preview of a template, on its page and in a frame.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::app::App;
use crate::id::TemplateId;
use crate::incident::claims::told;
use crate::staff::right::SeeTemplates;
use crate::template::merge::{MergeError, Part, Rendered};
use crate::template::preview::{PreviewError, Reader, Setting, preview};
use crate::template::{Template, pick, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::incident::incident_at;
use crate::web::middleware::headers::PREVIEW_POLICY;
use crate::web::page::Tone;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::sample_reader::reader;

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

/// The query: language, incident and reader.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(crate) locale: String,
    pub(crate) incident: String,
    pub(crate) reference: String,
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
    asked: &Asked,
) -> Result<Sample, Problem> {
    let (locale, rendered, reader) = match rendered(app, who, of, asked).await {
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
    asked: &Asked,
) -> Result<(String, Result<Rendered, PreviewError>, String), Problem> {
    let incident = match asked.incident.as_str() {
        "" => None,
        slug => Some(incident_at(&mut *app.db.get().await?, slug).await?),
    };
    let found = reader(app, who, incident.as_ref(), Some(&asked.reference)).await?;
    let words = match &found {
        Some((person, _)) => match person.withheld {
            None => format!("the person with reference {}", person.reference),
            Some(why) => format!(
                "the person with reference {}. It is never sent to them: {}",
                person.reference,
                why.as_str().replace('_', " ")
            ),
        },
        None => "a sample person".to_owned(),
    };
    let (person, reads) = found.unwrap_or_else(|| (Reader::sample(), "en".to_owned()));
    let wanted = if asked.locale.is_empty() {
        &reads
    } else {
        &asked.locale
    };
    let (locale, text) = pick(&of.variants, wanted).ok_or_else(Problem::not_found)?;
    let told = incident.as_ref().map(|one| told(&one.facts, locale));
    let titled = incident.as_ref().zip(told.as_deref());
    let setting = Setting {
        organisation: &app.config.organisation.name,
        incident: titled.map(|(one, facts)| (one.title.as_str(), facts)),
        public_url: &app.config.http.public_url,
    };
    Ok((
        locale.to_owned(),
        preview(locale, text, &setting, &person),
        words,
    ))
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

/// The HTML part of a text.
pub(crate) async fn html_of(app: &App, who: &Signed, of: &Template, asked: &Asked) -> Answer {
    let (_, letter, _) = rendered(app, who, of, asked).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PREVIEW_POLICY))
        .body(letter?.html))
}
