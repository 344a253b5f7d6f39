//! What a person was told, and what of it was wrong: computed from the present records, for their own page
//! and for the agent's screen alike.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, Utc};

use crate::db::{self, Conn};
use crate::delivery::store::outcome::{self, Left};
use crate::element::ElementSet;
use crate::id::NoticeId;
use crate::notice::Notice;
use crate::person::{self, Listed, Person, PersonStanding, ToldBy};
use crate::postal::{self, Item, PostalState, PostalStatus};

/// The last notification of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastNotification {
    /// The person was not notified.
    Nothing,
    /// Candor tried to send an e-mail, and it is unknown whether it was sent.
    Perhaps(DateTime<Utc>),
    /// By e-mail: when a relay took the last notice.
    Email(DateTime<Utc>),
    /// A letter was posted, on this day if that is on record.
    Post(Option<DateTime<Utc>>),
    /// Not notified: the postal letter that was posted on this day came back.
    Returned(DateTime<Utc>),
    /// Not notified so far: a postal letter is prepared, and its posting is not recorded yet.
    Prepared,
    /// Notified neither by e-mail nor by post, but by phone for example.
    Otherwise,
}

/// A postal letter to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// The day on which it was posted.
    pub on: DateTime<Utc>,
    /// When the posting was recorded: it orders the letter among e-mails of the same day.
    pub at: DateTime<Utc>,
    /// Whether it came back.
    pub returned: bool,
    /// What it named.
    pub named: ElementSet,
    /// Whether it corrected what was said before.
    pub corrects: bool,
}

/// What a person was told and is wrong according to the present list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The elements that were named to them, and are not exposed.
    pub elements: ElementSet,
    /// When an e-mail last named all of them; `None` if none did, as after a letter.
    pub at: Option<DateTime<Utc>>,
}

/// What a person was told until now.
#[derive(Debug, Clone)]
pub struct NotificationHistory {
    /// How they were told last.
    pub told: LastNotification,
    /// What of it was wrong.
    pub wrong: Option<Wrong>,
    /// Whether the list says that they are not affected.
    pub retracted: bool,
    /// The list version that says so; `None` if they are affected, or that was not recorded.
    pub listed: Option<Listed>,
    /// The notices that a relay took, newest first, each with the time.
    pub sent: Vec<(Notice, DateTime<Utc>)>,
    /// The letters that were posted, newest first.
    pub letters: Vec<Paper>,
    /// The notices that may be in a mailbox.
    pub left: BTreeMap<NoticeId, Left>,
    /// All that was listed, posted or told otherwise, in the order in which it was listed.
    pub items: Vec<Item>,
}

impl NotificationHistory {
    /// Reads a person's case; `notices` are all of theirs, newest first.
    pub async fn of<C>(
        conn: &mut Conn,
        person: &Person<C>,
        notices: Vec<Notice>,
    ) -> db::Result<Self> {
        let retracted = person.standing == PersonStanding::Retracted;
        let listed = match retracted {
            true => person::store::listed(conn, person.id).await?,
            false => None,
        };
        let left = outcome::left_of_each(conn, &notices).await?;
        let items = postal::store::of_person(conn, person.id).await?;
        Ok(Self::new(person, listed, (notices, left), items))
    }

    /// The same of what was read: what the list version `listed` says of them, all notices to them, newest first, with
    /// those that may be in a mailbox, and all postal items.
    pub fn new<C>(
        person: &Person<C>,
        listed: Option<Listed>,
        (notices, left): (Vec<Notice>, BTreeMap<NoticeId, Left>),
        items: Vec<Item>,
    ) -> Self {
        let retracted = person.standing == PersonStanding::Retracted;
        let (mut sent, mut perhaps) = (Vec::new(), None);
        for notice in notices {
            match left.get(&notice.id).copied() {
                Some(Left { at, surely: true }) => sent.push((notice, at)),
                Some(Left { at, .. }) => perhaps = perhaps.or(Some(at)),
                None => {}
            }
        }
        let letters: Vec<_> = items.iter().rev().filter_map(paper).collect();
        Self {
            told: match told(person, &sent, perhaps, &letters) {
                LastNotification::Nothing if items.iter().any(waits) => LastNotification::Prepared,
                told => told,
            },
            letters,
            wrong: wrong(person, &sent),
            retracted,
            listed: listed.filter(|_| retracted),
            sent,
            left,
            items,
        }
    }
}

fn told<C>(
    person: &Person<C>,
    sent: &[(Notice, DateTime<Utc>)],
    perhaps: Option<DateTime<Utc>>,
    letters: &[Paper],
) -> LastNotification {
    let posted = letters.iter().find(|letter| !letter.returned);
    let back = letters.first().filter(|letter| letter.returned);
    match (person.told, sent.first(), perhaps) {
        (Some(ToldBy::Post), ..) => LastNotification::Post(posted.map(|letter| letter.on)),
        (Some(ToldBy::Otherwise), ..) => LastNotification::Otherwise,
        // A sender's settling comes later than its relay's answer: the notice says it first.
        (_, Some((_, at)), _) => LastNotification::Email(*at),
        (_, None, Some(at)) => LastNotification::Perhaps(at),
        (_, None, None) => back.map_or(LastNotification::Nothing, |letter| {
            LastNotification::Returned(letter.on)
        }),
    }
}

/// A letter that was posted: returned ones too, none of discarded lists.
fn paper(item: &Item) -> Option<Paper> {
    let on = item.batch.posted_on?.and_time(NaiveTime::MIN).and_utc();
    let returned = match item.status {
        PostalStatus::Posted => false,
        PostalStatus::Returned => true,
        PostalStatus::Listed | PostalStatus::NotPosted => return None,
    };
    item.batch.kind.is_posted().then_some(Paper {
        on,
        at: item.posted_at.unwrap_or(on),
        returned,
        named: item.named,
        corrects: item.replaces,
    })
}

/// Whether it is a letter of a list that is not recorded as posted yet.
fn waits(item: &Item) -> bool {
    item.status == PostalStatus::Listed
        && item.batch.kind.is_posted()
        && item.batch.state != PostalState::Discarded
}

fn wrong<C>(person: &Person<C>, sent: &[(Notice, DateTime<Utc>)]) -> Option<Wrong> {
    let elements = person.named.minus(person.exposed_now());
    // A day is said of all of them together, so one e-mail must have named them all.
    let named = |(notice, _): &&(Notice, DateTime<Utc>)| elements.minus(notice.named).is_empty();
    (!elements.is_empty()).then(|| Wrong {
        elements,
        at: sent.iter().find(named).map(|(_, at)| *at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element::{self, Imei, Phone, Ssn};
    use crate::id::{CampaignId, IncidentId, NoticeId, PersonId};
    use crate::notice::NoticeStatus;
    use crate::person::flags::Flags;
    use crate::person::place::Locale;

    fn person(exposed: &[Element], named: &[Element]) -> Person<()> {
        Person {
            id: PersonId::from_uuid(uuid::Uuid::nil()),
            incident: IncidentId::from_uuid(uuid::Uuid::nil()),
            contact: (),
            exposed: ElementSet::of(exposed),
            named: ElementSet::of(named),
            locale: Locale::default(),
            jurisdiction: None,
            flags: Flags::NONE,
            standing: PersonStanding::Notified,
            withheld: None,
            told: Some(ToldBy::Email),
            reachable: true,
            has_address: true,
            email_key: None,
            link_epoch: 0,
        }
    }

    fn sent(day: i64, named: &[Element]) -> (Notice, DateTime<Utc>) {
        let at = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day);
        let notice = Notice {
            id: NoticeId::in_bucket(0, at),
            campaign: CampaignId::from_uuid(uuid::Uuid::nil()),
            incident: IncidentId::from_uuid(uuid::Uuid::nil()),
            person: PersonId::from_uuid(uuid::Uuid::nil()),
            status: NoticeStatus::Sent,
            withheld: None,
            named: ElementSet::of(named),
            attempts: 1,
            due_at: None,
            created_at: at,
            settled_at: Some(at),
        };
        (notice, at)
    }

    #[test]
    fn the_day_of_what_was_wrong_is_that_of_an_email_that_named_all_of_it() {
        let day = |exposed, named, sent: &[_]| {
            let wrong = wrong(&person(exposed, named), sent).expect("something is wrong");
            wrong.at.map(|at| at.timestamp() / 86_400)
        };
        let both = [sent(2, &[Phone, Imei]), sent(1, &[Ssn])];
        assert_eq!(
            day(&[Imei], &[Ssn, Phone, Imei], &both),
            None,
            "two e-mails"
        );
        assert_eq!(day(&[Ssn, Imei], &[Ssn, Phone, Imei], &both), Some(2));
        assert_eq!(day(&[Phone, Imei], &[Ssn, Phone, Imei], &both), Some(1));
        let again = [sent(3, &[Ssn, Phone]), both[0].clone(), both[1].clone()];
        assert_eq!(day(&[Imei], &[Ssn, Phone, Imei], &again), Some(3));
        assert_eq!(wrong(&person(&[Ssn], &[Ssn]), &[]), None);
    }
}
