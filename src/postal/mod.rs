//! People who are told on paper or by word of mouth: a list taken for a mail house is a batch of letters, which is
//! posted on a day, and some letters come back. The next of kin of people who died and people at protected addresses
//! have lists of their own, and it is recorded who was told, and how.

pub mod code;
mod error;
pub mod list;
pub mod minors;
pub mod post;
pub mod returned;
pub mod slips;
pub mod store;
pub mod take;
pub mod told;
mod words;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use self::error::PostalError;
pub use self::words::addressee;
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId, PostalId, StaffId};
use crate::person::ToldBy;
use crate::pg_enum;
use crate::seal::{Broken, IncidentKey};

pg_enum! {
    /// For which people a list is, and so how they are told.
    pub enum PostalKind: PostalKind {
        /// People whom no e-mail reaches: a letter to themselves.
        Letter = "letter",
        /// Minors, where the incident holds them for a letter to the parent or guardian.
        Guardian = "guardian",
        /// People who were told of something that is not theirs, and whom no e-mail reaches: a letter that says what is so.
        Correction = "correction",
        /// People who died: somebody tells their next of kin.
        Kin = "kin",
        /// People at a protected address: somebody tells them through a channel that is safe.
        Safe = "safe",
        /// One person who was told by word of mouth. Never a list.
        Single = "single",
    }
}

impl PostalKind {
    /// The kinds of which a list can be taken.
    pub const LISTS: [Self; 5] = [
        Self::Letter,
        Self::Guardian,
        Self::Correction,
        Self::Kin,
        Self::Safe,
    ];

    /// Whether its letters are posted; else people are told otherwise.
    pub fn is_posted(self) -> bool {
        matches!(self, Self::Letter | Self::Guardian | Self::Correction)
    }

    /// The channel that has told people once the batch is recorded.
    pub fn told_by(self) -> ToldBy {
        if self.is_posted() {
            ToldBy::Post
        } else {
            ToldBy::Otherwise
        }
    }
}

pg_enum! {
    /// Where a list stands.
    pub enum PostalState: PostalState {
        /// Taken; nobody has said yet that it was posted.
        Listed = "listed",
        /// Posted; its people are being recorded as told.
        Posting = "posting",
        /// Posted, or told.
        Posted = "posted",
        /// Thrown away before it was posted.
        Discarded = "discarded",
    }
}

pg_enum! {
    /// What became of one person's letter.
    pub enum PostalStatus: PostalStatus {
        /// On the list.
        Listed = "listed",
        /// Posted, or told.
        Posted = "posted",
        /// On a list that was posted, but this letter was not.
        NotPosted = "not_posted",
        /// Came back.
        Returned = "returned",
    }
}

pg_enum! {
    /// How minors are told.
    pub enum MinorsRule: MinorsRule {
        /// By e-mail; it addresses the parent or guardian.
        GuardianText = "guardian_text",
        /// No e-mail: a letter to the parent or guardian.
        GuardianLetter = "guardian_letter",
    }
}

/// A list that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Its id; stands on each line of the list.
    pub id: PostalId,
    /// Of which incident.
    pub incident: IncidentId,
    /// For which people.
    pub kind: PostalKind,
    /// Where it stands.
    pub state: PostalState,
    /// Who took it.
    pub taken_by: StaffId,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// How many people are on it.
    pub people: i64,
    /// The day on which its letters were posted, or its people told.
    pub posted_on: Option<NaiveDate>,
    /// How many of its letters came back.
    pub returned: i64,
    /// How many of its letters were not posted after all.
    pub not_posted: i64,
    /// How many people belonged on it and are not, since the list of affected people has no postal address of theirs.
    pub without_address: i64,
}

/// The letter of one person.
#[derive(Debug, Clone)]
pub struct Item {
    /// Of which list.
    pub batch: Batch,
    /// To whom.
    pub person: PersonId,
    /// What it tells.
    pub named: ElementSet,
    /// Whether it corrects: its person knows what it names and nothing else.
    pub replaces: bool,
    /// Where it stands. A letter of a discarded list stays `Listed`.
    pub status: PostalStatus,
    /// The key of the code printed in it.
    pub code_key: Option<i64>,
    /// When it was recorded as posted.
    pub posted_at: Option<DateTime<Utc>>,
    /// What the person had been told before.
    pub before: Knows,
    /// When it was recorded as returned or not posted.
    pub closed_at: Option<DateTime<Utc>>,
    pub(crate) reason: Option<Vec<u8>>,
    pub(crate) how: Option<Vec<u8>>,
}

impl Item {
    /// Why it came back, opened; empty if it did not.
    ///
    /// # Errors
    /// [`Broken`] under another incident's key.
    pub fn reason_in_words(&self, key: &IncidentKey) -> Result<String, Broken> {
        let Some(reason) = &self.reason else {
            return Ok(String::new());
        };
        let plain = key.open(&owner(self.batch.id, Some(self.person)), reason)?;
        String::from_utf8(plain).map_err(|_| Broken)
    }

    /// Who was told and how, opened; none if a letter was posted.
    ///
    /// # Errors
    /// [`Broken`] under another incident's key.
    pub fn telling(&self, key: &IncidentKey) -> Result<Option<Telling>, Broken> {
        let Some(how) = &self.how else {
            return Ok(None);
        };
        let plain = key.open(&owner(self.batch.id, None), how)?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| Broken)
    }

    /// Whether its code opens the person's page: it is not discarded, did not come back, and no letter to them was
    /// posted later. `items` are all of this person's.
    pub fn opens(&self, items: &[Self]) -> bool {
        let posted = |item: &Self| item.posted_at.map(|at| (at, item.batch.id));
        match self.status {
            _ if self.code_key.is_none() || self.batch.state == PostalState::Discarded => false,
            PostalStatus::Listed => true,
            PostalStatus::Posted => !items
                .iter()
                .any(|other| other.code_key.is_some() && posted(other) > posted(self)),
            PostalStatus::NotPosted | PostalStatus::Returned => false,
        }
    }
}

/// What a person was told, and by which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knows {
    /// The channel that told them last.
    pub told: Option<ToldBy>,
    /// What they were told.
    pub named: ElementSet,
}

/// A message or letter that counts as having told its person, for [`take_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// By which channel.
    pub by: ToldBy,
    /// What it named.
    pub named: ElementSet,
    /// Whether it corrected: what was known before it is known no more.
    pub replaces: bool,
    /// What the person knew before it; `None`: that is not on record, as of messages.
    pub before: Option<Knows>,
}

impl Counted {
    fn after(&self, before: Knows) -> Knows {
        Knows {
            told: Some(self.by),
            named: match self.replaces {
                true => self.named,
                false => before.named.union(self.named),
            },
        }
    }
}

/// What a person knows once a letter turns out not to have reached them. `later` are the messages and letters after it
/// that still count, in order; what was known before each letter changes with it. If their order does not explain what
/// the person knows `now`, only what no later one named is taken back.
pub fn take_back(letter: &Counted, later: &mut [Counted], now: Knows) -> Knows {
    let unknown = Knows {
        told: None,
        named: ElementSet::EMPTY,
    };
    let start = letter.before.unwrap_or(unknown);
    let (mut was, mut is) = (letter.after(start), start);
    let told_later = later
        .iter()
        .fold(ElementSet::EMPTY, |all, one| all.union(one.named));
    for next in later.iter_mut() {
        if next.before.is_some_and(|before| before != was) {
            break;
        }
        if next.before.is_some() {
            next.before = Some(is);
        }
        (was, is) = (next.after(was), next.after(is));
    }
    if now == was {
        return is;
    }
    let lost = letter.named.minus(start.named).minus(told_later);
    Knows {
        named: now.named.minus(lost),
        ..now
    }
}

/// How somebody was told without e-mail and post of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A letter to somebody else than the person.
    Letter,
    /// A call.
    Phone,
    /// Face to face.
    InPerson,
    /// Through a solicitor.
    Solicitor,
    /// Through a shelter or another organisation that protects them.
    Shelter,
    /// Another way.
    Other,
}

impl How {
    /// Every way, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Letter,
        Self::Phone,
        Self::InPerson,
        Self::Solicitor,
        Self::Shelter,
        Self::Other,
    ];

    /// The word for it, in forms, the command line and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Phone => "phone",
            Self::InPerson => "in_person",
            Self::Solicitor => "solicitor",
            Self::Shelter => "shelter",
            Self::Other => "other",
        }
    }

    /// For readers.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Letter => "by a letter to somebody who acts for them",
            Self::Phone => "by telephone",
            Self::InPerson => "in person",
            Self::Solicitor => "through a solicitor",
            Self::Shelter => "through a shelter",
            Self::Other => "another way",
        }
    }
}

impl std::str::FromStr for How {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|how| how.as_str() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            format!("must be one of: {words}")
        })
    }
}

/// Who was told, and how. `Debug` does not show who.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The channel.
    pub how: How,
    /// Who was told, such as `the daughter`; 1 to 200 characters.
    pub who: String,
}

impl std::fmt::Debug for Telling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Telling({:?}, •••)", self.how)
    }
}

impl Telling {
    /// Checks and trims it.
    ///
    /// # Errors
    /// [`PostalError::Who`].
    pub fn new(how: How, who: &str) -> Result<Self, PostalError> {
        let who = who.trim();
        let fine = (1..=200).contains(&who.chars().count()) && !who.chars().any(char::is_control);
        let who = fine.then(|| who.to_owned()).ok_or(PostalError::Who)?;
        Ok(Self { how, who })
    }
}

/// Checks the day on which letters of a list that was taken at `taken` were posted. Days are UTC.
///
/// # Errors
/// [`PostalError::InFuture`], [`PostalError::BeforeTaken`].
pub fn check_day(
    on: NaiveDate,
    taken: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), PostalError> {
    let (today, taken) = (now.date_naive(), taken.date_naive());
    if on > today {
        return Err(PostalError::InFuture { on, today });
    }
    if on < taken {
        return Err(PostalError::BeforeTaken { on, taken });
    }
    Ok(())
}

/// The associated data of what is sealed of a list: its reasons and who was told.
pub(crate) fn owner(list: PostalId, person: Option<PersonId>) -> Vec<u8> {
    let person = person.map(|person| person.uuid().as_bytes().to_vec());
    [
        list.uuid().as_bytes(),
        person.as_deref().unwrap_or_default(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Element;

    const NOTHING: Knows = Knows {
        told: None,
        named: ElementSet::EMPTY,
    };

    fn letter(named: &[Element], before: Knows) -> Counted {
        Counted {
            by: ToldBy::Post,
            named: ElementSet::of(named),
            replaces: false,
            before: Some(before),
        }
    }

    fn email(named: &[Element], replaces: bool) -> Counted {
        Counted {
            by: ToldBy::Email,
            named: ElementSet::of(named),
            replaces,
            before: None,
        }
    }

    fn knows(told: ToldBy, named: &[Element]) -> Knows {
        Knows {
            told: Some(told),
            named: ElementSet::of(named),
        }
    }

    #[test]
    fn a_letter_that_came_back_leaves_what_was_known_before() {
        let first = letter(&[Element::Name], NOTHING);
        assert_eq!(take_back(&first, &mut [], first.after(NOTHING)), NOTHING);
    }

    #[test]
    fn b10_an_email_after_the_letter_told_what_it_named_and_no_more() {
        let first = letter(&[Element::Name], NOTHING);
        let mut later = [email(&[Element::Ssn], false)];
        let now = later[0].after(first.after(NOTHING));
        let is = take_back(&first, &mut later, now);
        assert_eq!(is, knows(ToldBy::Email, &[Element::Ssn]));
    }

    #[test]
    fn a_correction_after_the_letter_is_what_is_known() {
        let first = letter(&[Element::Name, Element::Ssn], NOTHING);
        let mut later = [email(&[Element::Name], true)];
        let now = later[0].after(first.after(NOTHING));
        assert_eq!(take_back(&first, &mut later, now), now);
    }

    #[test]
    fn a_letter_of_correction_that_came_back_leaves_what_was_said_wrongly() {
        let before = knows(ToldBy::Post, &[Element::Name, Element::Ssn]);
        let correction = Counted {
            replaces: true,
            ..letter(&[Element::Ssn], before)
        };
        let now = correction.after(before);
        assert_eq!(now.named, ElementSet::of(&[Element::Ssn]));
        assert_eq!(take_back(&correction, &mut [], now), before);
    }

    #[test]
    fn what_no_order_explains_loses_only_what_nothing_else_named() {
        let first = letter(&[Element::Name, Element::Ssn], NOTHING);
        let mut later = [email(&[Element::Ssn], false)];
        let now = knows(
            ToldBy::Email,
            &[Element::Name, Element::Ssn, Element::Phone],
        );
        let is = take_back(&first, &mut later, now);
        assert_eq!(is, knows(ToldBy::Email, &[Element::Ssn, Element::Phone]));
    }

    #[test]
    fn both_of_two_letters_may_come_back_in_any_order() {
        let first = letter(&[Element::Name], NOTHING);
        let second = letter(&[Element::Ssn], first.after(NOTHING));
        let both = second.after(first.after(NOTHING));
        // The first, then the second.
        let mut later = [second];
        let one = take_back(&first, &mut later, both);
        assert_eq!(one, knows(ToldBy::Post, &[Element::Ssn]));
        assert_eq!(take_back(&later[0], &mut [], one), NOTHING);
        // The second, then the first.
        let one = take_back(&second, &mut [], both);
        assert_eq!(one, first.after(NOTHING));
        assert_eq!(take_back(&first, &mut [], one), NOTHING);
    }

    #[test]
    fn the_day_lies_between_the_list_and_today() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a moment");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let (taken, now) = (at("2026-12-01T10:00:00Z"), at("2026-12-03T08:00:00Z"));
        for fine in ["2026-12-01", "2026-12-03"] {
            assert!(check_day(day(fine), taken, now).is_ok(), "{fine}");
        }
        let early = check_day(day("2026-11-30"), taken, now);
        assert!(matches!(early, Err(PostalError::BeforeTaken { .. })));
        let late = check_day(day("2026-12-04"), taken, now);
        assert!(matches!(late, Err(PostalError::InFuture { .. })));
    }
}
