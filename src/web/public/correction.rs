//! The corrections that a status page shows: of published recalls of texts that its person was sent, or may have been sent.
//! They show before the second step too. The link came with such a text, and a correction is a public statement.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::web::Data;
use chrono::{DateTime, Utc};

use crate::campaign::Campaign;
use crate::db::Conn;
use crate::delivery::store::outcome::Left;
use crate::id::{CampaignId, NoticeId};
use crate::person::Person;
use crate::recall::readers::{FormerLocale, former_locales, texts_of};
use crate::recall::{Recall, RecallStatus};
use crate::template::layout::language_tag;
use crate::web::open_recalls::OpenRecalls;
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// A correction on a status page.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The day of the message with the wrong text.
    pub day: Moment,
    /// Whether the message was sent; otherwise it may have arrived.
    pub certain: bool,
    /// The language of the correction.
    pub lang: String,
    /// What is right.
    pub text: String,
    /// When it was published.
    pub at: Moment,
}

/// The notices that may be in a mailbox, each with its campaign.
pub(super) type LeftIn = Vec<(CampaignId, Left)>;

/// Pairs each notice that may be in a mailbox with its campaign.
pub(super) fn left_in(
    notices: &[(NoticeId, CampaignId)],
    left: &BTreeMap<NoticeId, Left>,
) -> LeftIn {
    let pair = |(notice, campaign): &(NoticeId, CampaignId)| Some((*campaign, *left.get(notice)?));
    notices.iter().filter_map(pair).collect()
}

/// The corrections for a person, the newest first.
///
/// # Errors
/// Database errors.
pub(super) async fn shown<C>(
    conn: &mut Conn,
    req: &HttpRequest,
    person: &Person<C>,
    campaigns: &[Campaign],
    left: &LeftIn,
) -> Result<Vec<Correction>, Problem> {
    let recalls = req.app_data::<Data<OpenRecalls>>();
    let recalls = recalls.ok_or_else(|| Problem::broken("the server has no open recalls"))?;
    let recalls = recalls.now(conn).await?;
    let mut shown = Vec::new();
    let mut former: Option<Vec<FormerLocale>> = None;
    let published = recalls
        .iter()
        .filter(|one| one.incident == person.incident && one.status == RecallStatus::Published);
    for recall in published {
        let mut found: Option<Left> = None;
        for (campaign, left) in left {
            let Some(texts) = recall.of(*campaign) else {
                continue;
            };
            let is_wrong = match campaigns.iter().find(|one| one.id == *campaign) {
                _ if texts.whole => true,
                None => false,
                Some(campaign) => {
                    if former.is_none() {
                        former = Some(former_locales(conn, person.id).await?);
                    }
                    let former = former.as_deref().unwrap_or_default();
                    let locale = locale_at(left.at, former, person.locale.as_str());
                    texts.reached(&texts_of(campaign)?, locale)
                }
            };
            // A message that was sent counts before one that may have arrived, and a later one before an earlier one.
            if is_wrong
                && found.is_none_or(|known| (known.surely, known.at) < (left.surely, left.at))
            {
                found = Some(*left);
            }
        }
        shown.extend(found.and_then(|left| correction(recall, person.locale.as_str(), left)));
    }
    Ok(shown)
}

/// The language in which the list had a person at this moment.
fn locale_at<'l>(at: DateTime<Utc>, former: &'l [FormerLocale], now: &'l str) -> &'l str {
    let then = former.iter().find(|one| one.until > at);
    then.map_or(now, |one| one.locale.as_str())
}

fn correction(of: &Recall, locale: &str, left: Left) -> Option<Correction> {
    let (lang, text) = of.said_to(locale)?;
    Some(Correction {
        day: Moment::day(left.at),
        certain: left.surely,
        lang: language_tag(lang),
        text: text.to_owned(),
        at: Moment::exact(of.published?.1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_person_is_the_one_before_the_next_list() {
        let at = |day: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day);
        let list = |day, locale: &str| FormerLocale {
            until: at(day),
            locale: locale.to_owned(),
        };
        let former = [list(2, "es"), list(4, "fr")];
        for (day, locale) in [(1, "es"), (2, "fr"), (3, "fr"), (4, "en"), (9, "en")] {
            assert_eq!(locale_at(at(day), &former, "en"), locale, "day {day}");
        }
    }
}
