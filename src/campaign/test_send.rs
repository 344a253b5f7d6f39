//! A test of a campaign's text: messages to staff, through the outbox and the real relays, about an invented person.
//! Candor counts no person as told by it, and no account counts it.

mod words;

use serde_json::json;

use self::words::first_line;
use super::content::Content;
use super::error::{CampaignError, TestError};
use super::guard::note;
use super::store::test::NewTest;
use super::{Campaign, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db::{Conn, Error};
use crate::element::ElementSet;
use crate::id::{CampaignId, LetterId, StaffId};
use crate::incident::{Facts, Incident};
use crate::outbox::{OutboxLetter, store as outbox};
use crate::staff::Staff;
use crate::template::Variants;
use crate::template::merge::Rendered;
use crate::template::preview::{PreviewError, Reader, Setting, preview};
use crate::{incident, staff, template};

/// The most messages of one test.
const MOST: usize = 40;

/// What stands before the subject of a test.
const MARK: &str = "TEST: ";

/// A test to send.
#[derive(Debug, Clone, Default)]
pub struct Test {
    /// The accounts that get it; none: the one that sends it.
    pub to: Vec<StaffId>,
    /// The languages of the texts; none: all.
    pub locales: Vec<String>,
    /// What was exposed of the invented person; none: the usual.
    pub elements: ElementSet,
}

/// The texts of a test and what they are filled with: what was submitted, or what a draft says now.
struct Texts {
    variants: Variants,
    title: String,
    facts: Facts,
    organisation: String,
    public_url: String,
}

/// Sends a test: a message in each language to each account. How many.
///
/// # Errors
/// [`CampaignError::Test`]; [`CampaignError::Text`] if a text cannot be filled; [`CampaignError::Forgotten`].
pub async fn send(
    app: &App,
    by: StaffId,
    id: CampaignId,
    test: &Test,
) -> Result<usize, CampaignError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let of = store::find(&mut tx, id).await?.incident;
    let incident = incident::store::hold(&mut tx, of).await?;
    let key = incident.key(&app.keys);
    let key = key.map_err(|_| Error::inconsistent("incident", of))?;
    let key = key.ok_or(CampaignError::Forgotten)?;
    let campaign = store::find(&mut tx, id).await?;
    let readers = readers(&mut tx, by, &test.to).await?;
    let texts = texts(app, &mut tx, &campaign, incident).await?;
    let locales = match test.locales.is_empty() {
        true => texts.variants.keys().cloned().collect(),
        false => test.locales.clone(),
    };
    let messages = readers.len() * locales.len();
    if messages == 0 {
        return Err(TestError::Nobody.into());
    }
    if messages > MOST {
        return Err(TestError::TooMany(MOST).into());
    }
    let mut sent = Vec::new();
    for locale in &locales {
        let text = rendered(&texts, locale, test.elements)?;
        for reader in &readers {
            let letter = letter(reader, locale, &text)?;
            let letter_id = LetterId::new(now);
            outbox::insert_test(&mut tx, &key, (letter_id, of), &letter, now).await?;
            sent.push(NewTest {
                letter_id,
                campaign_id: id,
                staff_id: reader.id,
                locale,
                sent_by: by,
                created_at: now,
            });
        }
    }
    store::test::insert(&mut tx, &sent).await?;
    let to: Vec<StaffId> = readers.iter().map(|reader| reader.id).collect();
    let detail = json!({ "to": to, "locales": locales });
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignTest,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(messages)
}

/// The accounts that get a test. Each can sign in and has a mailbox.
async fn readers(
    conn: &mut Conn,
    by: StaffId,
    chosen: &[StaffId],
) -> Result<Vec<Staff>, CampaignError> {
    let mut ids = chosen.to_vec();
    if ids.is_empty() {
        ids.push(by);
    }
    ids.sort_unstable();
    ids.dedup();
    let all = staff::store::list(conn).await?;
    let readers: Vec<Staff> = all
        .into_iter()
        .filter(|one| ids.contains(&one.id) && one.is_person() && one.disabled_at.is_none())
        .collect();
    match readers.len() == ids.len() {
        true => Ok(readers),
        false if chosen.is_empty() => Err(TestError::NoMailbox.into()),
        false => Err(TestError::NoAccount.into()),
    }
}

async fn texts(
    app: &App,
    conn: &mut Conn,
    of: &Campaign,
    incident: Incident,
) -> Result<Texts, CampaignError> {
    if let Some(Content {
        variants,
        title,
        facts,
        organisation,
        public_url,
        ..
    }) = of.submitted()?
    {
        return Ok(Texts {
            variants,
            title,
            facts,
            organisation,
            public_url,
        });
    }
    let template = template::store::find(conn, of.template, Some(of.template_version)).await?;
    Ok(Texts {
        variants: template.variants,
        title: incident.title,
        facts: incident.facts,
        organisation: app.config.organisation.name.clone(),
        public_url: app.config.http.public_url.to_string(),
    })
}

/// A text for the invented person.
fn rendered(texts: &Texts, locale: &str, elements: ElementSet) -> Result<Rendered, CampaignError> {
    let variant = texts.variants.get(locale);
    let variant = variant.ok_or_else(|| TestError::NoText(locale.to_owned()))?;
    let setting = Setting {
        organisation: &texts.organisation,
        incident: Some((&texts.title, &texts.facts)),
        public_url: &texts.public_url,
    };
    let sample = Reader::sample();
    let reader = Reader {
        elements: match elements.is_empty() {
            true => sample.elements,
            false => elements,
        },
        ..sample
    };
    preview(locale, variant, &setting, &reader).map_err(|why| match why {
        PreviewError::Text(wrong) => {
            let of_it = |error| (locale.to_owned(), error);
            CampaignError::Text(wrong.into_iter().map(of_it).collect())
        }
        // The invented person has every value.
        PreviewError::Missing(_) => TestError::Nobody.into(),
    })
}

fn letter(reader: &Staff, locale: &str, text: &Rendered) -> Result<OutboxLetter, CampaignError> {
    let address = reader.email.as_ref().ok_or(TestError::NoAccount)?;
    let line = first_line(locale);
    Ok(OutboxLetter {
        to: address.as_str().to_owned(),
        to_name: reader.name.clone(),
        subject: format!("{MARK}{}", text.subject),
        text: format!("{line}\n\n{}", text.text),
        html: Some(with_first_line(&text.html, line)),
        language: locale.to_owned(),
    })
}

/// The HTML with a line before its first block. The line needs no escaping.
fn with_first_line(html: &str, line: &str) -> String {
    let column = html.find("<body").and_then(|body| {
        let column = body + html[body..].find("<div")?;
        Some(column + html[column..].find('>')? + 1)
    });
    let (before, after) = html.split_at(column.unwrap_or(0));
    format!(
        "{before}\n<p style=\"margin:0 0 16px;padding:8px 12px;border:2px solid #808080\"><strong>{line}</strong></p>{after}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_stands_in_the_column_before_all_blocks() {
        let html = "<html><body style=\"x\">\n<div lang=\"en\">\n<p>Dear</p></div></body></html>";
        let marked = with_first_line(html, "TEST.");
        let (before, after) = marked
            .split_once("<strong>TEST.</strong></p>")
            .expect("the line");
        assert!(
            before.contains("<div lang=\"en\">") && after.contains("<p>Dear</p>"),
            "{marked}"
        );
    }
}
