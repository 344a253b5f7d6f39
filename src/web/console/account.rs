//! The account of an incident: how many people are notified, in progress, need a letter or are withheld.

use chrono::{DateTime, Utc};

use crate::account;
use crate::db::Conn;
use crate::incident::Incident;
use crate::web::figures::{Part, Rect, count, lay};
use crate::web::page::Moment;
use crate::web::problem::Problem;

/// The account of an incident as a page shows it: promises P1 and P2 as figures.
#[derive(Debug, Clone)]
pub struct Account {
    /// People in the active scope.
    pub people: i64,
    /// People who were sent a notice.
    pub notified: i64,
    /// Of the notified: people who were last told by a postal letter.
    pub notified_by_post: i64,
    /// Of the notified: people who were last told by a channel other than e-mail or post.
    pub notified_otherwise: i64,
    /// People with a notice that is not sent yet.
    pub in_progress: i64,
    /// People without a working e-mail address.
    pub needs_letter: i64,
    /// People who must not be written to, each with a reason.
    pub withheld: i64,
    /// People in none of the groups above: must be 0.
    pub unexplained: i64,
    /// Notified people who were not told of every exposed element.
    pub unnotified_elements: i64,
    /// People who were told of an element that is not theirs.
    pub told_too_much: i64,
    /// Of these: people to correct by a letter or another channel.
    pub correction_letters: i64,
    /// Minors who are told by a letter to the parent or guardian.
    pub guardian_letters: i64,
    /// Of these: minors who are in progress.
    pub guardian_in_progress: i64,
    /// When the figures were counted.
    pub as_of: Moment,
}

impl Account {
    /// Reads the account of an incident; `None` before a list of affected people is active.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load(
        conn: &mut Conn,
        of: &Incident,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Problem> {
        if of.active_scope.is_none() {
            return Ok(None);
        }
        let counted = account::account(conn, of.id).await?;
        Ok(Some(Self::of(&counted, now)))
    }

    /// The figures as they were counted at `now`.
    pub fn of(counted: &account::Account, now: DateTime<Utc>) -> Self {
        Self {
            people: counted.people,
            notified: counted.notified,
            notified_by_post: counted.notified_by_post,
            notified_otherwise: counted.notified_otherwise,
            in_progress: counted.in_progress,
            needs_letter: counted.needs_letter,
            withheld: counted.withheld,
            unexplained: counted.unexplained,
            unnotified_elements: counted.unnotified_elements,
            told_too_much: counted.told_too_much,
            correction_letters: counted.correction_letters,
            guardian_letters: counted.guardian_letters,
            guardian_in_progress: counted.guardian_in_progress,
            as_of: Moment::ago(now, now),
        }
    }

    /// People to correct by a campaign.
    pub fn correction_mails(&self) -> i64 {
        self.told_too_much - self.correction_letters
    }

    /// What staff can do about people who were told of an element that is not theirs.
    pub fn correct(&self) -> &'static str {
        match (self.correction_mails() > 0, self.correction_letters > 0) {
            (true, true) => "draft a correction, and take the list of letters of correction",
            (false, true) => "take the list of letters of correction",
            _ => "draft a correction",
        }
    }

    /// The parts of the bar and of its key, in reading order.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name, figure, fill| Part { name, figure, fill };
        vec![
            part("notified", self.notified, "done"),
            part("in progress", self.in_progress, "busy"),
            part("needs letter", self.needs_letter, "look"),
            part("withheld", self.withheld, "idle"),
            part("unexplained", self.unexplained, "act"),
        ]
    }

    /// The rectangles of the bar, 1000 units wide.
    pub fn bar(&self) -> Vec<Rect> {
        lay(&self.parts())
    }

    /// The text alternative of the bar.
    pub fn in_words(&self) -> String {
        let parts: Vec<_> = self
            .parts()
            .iter()
            .map(|p| format!("{} {}", p.name, count(p.figure)))
            .collect();
        format!("{} people: {}", count(self.people), parts.join(", "))
    }
}
