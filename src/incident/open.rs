//! What is still under way in an incident, and which of it stands against closing, dismissing and forgetting.

use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

/// What is under way in an incident, counted at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Open {
    /// People who are told nothing so far and can be reached by e-mail.
    #[diesel(sql_type = BigInt)]
    pub in_progress: i64,
    /// People who must be told by post.
    #[diesel(sql_type = BigInt)]
    pub needs_letter: i64,
    /// People who were told, but not of everything that was exposed: a supplement is due.
    #[diesel(sql_type = BigInt)]
    pub told_too_little: i64,
    /// People who were told of something that is not theirs, and may be written to: a correction is due.
    #[diesel(sql_type = BigInt)]
    pub told_too_much: i64,
    /// People who are not told, for a reason of theirs. They stand against nothing.
    #[diesel(sql_type = BigInt)]
    pub withheld: i64,
    /// Tickets that are new, open, pending or on hold.
    #[diesel(sql_type = BigInt)]
    pub tickets: i64,
    /// Messages in the outbox that are not sent and not given up.
    #[diesel(sql_type = BigInt)]
    pub letters: i64,
    /// Lists of letters that were taken and are not recorded as posted.
    #[diesel(sql_type = BigInt)]
    pub postal: i64,
    /// Campaigns in review, approved, scheduled, sending or paused.
    #[diesel(sql_type = BigInt)]
    pub campaigns: i64,
    /// Campaigns that have ended and still have batches to settle.
    #[diesel(sql_type = BigInt)]
    pub ending: i64,
    /// Drafts of campaigns.
    #[diesel(sql_type = BigInt)]
    pub drafts: i64,
    /// Drafts of lists.
    #[diesel(sql_type = BigInt)]
    pub lists: i64,
    /// Lists that are being imported, including one that has no version yet.
    #[diesel(sql_type = BigInt)]
    pub importing: i64,
    /// Lists that are being put in force.
    #[diesel(sql_type = BigInt)]
    pub activating: i64,
}

impl Open {
    /// What must be over before the incident is closed, each with its number; empty: nothing.
    pub fn before_closing(&self) -> Vec<String> {
        self.of_people()
            .into_iter()
            .chain(self.of_campaigns())
            .chain(self.of_helpline())
            .chain([self.of_post()])
            .chain(self.of_lists())
            .flatten()
            .collect()
    }

    /// What must be over before the incident is dismissed.
    pub fn before_dismissing(&self) -> Vec<String> {
        let campaigns = self.of_campaigns().into_iter();
        campaigns.chain([self.of_post()]).flatten().collect()
    }

    /// What must be over before the people of the incident are forgotten. In a `dismissed` incident no person has to be
    /// told.
    pub fn before_forgetting(&self, dismissed: bool) -> Vec<String> {
        let people = (!dismissed).then(|| self.of_people());
        people
            .into_iter()
            .flatten()
            .chain(self.of_campaigns())
            .chain(self.of_helpline())
            .chain([self.of_post()])
            .chain(self.of_lists())
            .flatten()
            .collect()
    }

    /// The people who were not told yet.
    pub fn untold(&self) -> Untold {
        Untold {
            in_progress: self.in_progress,
            needs_letter: self.needs_letter,
            told_too_little: self.told_too_little,
            told_too_much: self.told_too_much,
        }
    }

    fn of_people(&self) -> [Option<String>; 4] {
        [
            some(
                self.in_progress,
                "person is in progress: not told yet",
                "people are in progress: not told yet",
            ),
            some(
                self.needs_letter,
                "person needs a letter",
                "people need a letter",
            ),
            some(self.told_too_little, LITTLE.0, LITTLE.1),
            some(self.told_too_much, MUCH.0, MUCH.1),
        ]
    }

    fn of_campaigns(&self) -> [Option<String>; 2] {
        [
            some(
                self.campaigns,
                "campaign is under way: let it end, or cancel it",
                "campaigns are under way: let them end, or cancel them",
            ),
            some(
                self.ending,
                "ended campaign has batches that a sender must settle first",
                "ended campaigns have batches that a sender must settle first",
            ),
        ]
    }

    fn of_helpline(&self) -> [Option<String>; 2] {
        [
            some(self.tickets, "ticket is open", "tickets are open"),
            some(
                self.letters,
                "message waits in the outbox",
                "messages wait in the outbox",
            ),
        ]
    }

    fn of_post(&self) -> Option<String> {
        some(
            self.postal,
            "list of letters waits: record it as posted, or discard it",
            "lists of letters wait: record them as posted, or discard them",
        )
    }

    fn of_lists(&self) -> [Option<String>; 3] {
        [
            some(
                self.lists,
                "list waits as a draft: activate or discard it",
                "lists wait as drafts: activate or discard them",
            ),
            some(
                self.importing,
                "list is being imported or put in force",
                "lists are being imported or put in force",
            ),
            some(
                self.activating,
                "list is being put in force",
                "lists are being put in force",
            ),
        ]
    }
}

/// Words for people with a supplement due: for one, for several.
const LITTLE: (&str, &str) = (
    "person was told less than was exposed",
    "people were told less than was exposed",
);
/// Words for people with a correction due: for one, for several.
const MUCH: (&str, &str) = (
    "person was told of something that is not theirs",
    "people were told of something that is not theirs",
);

/// A count with its words; none for zero.
fn some(n: i64, one: &str, many: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}

/// The people who are not told, or not rightly. A member of staff who moves an incident on to monitoring agrees to their
/// numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Untold {
    /// Told nothing so far, and reachable by e-mail.
    pub in_progress: i64,
    /// To be told by post.
    pub needs_letter: i64,
    /// People with a supplement due.
    pub told_too_little: i64,
    /// People with a correction due.
    pub told_too_much: i64,
}

impl Untold {
    /// Whether all people are told.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether agreeing to `self` covers what is so now: no number has grown since.
    pub fn covers(&self, now: &Self) -> bool {
        self.in_progress >= now.in_progress
            && self.needs_letter >= now.needs_letter
            && self.told_too_little >= now.told_too_little
            && self.told_too_much >= now.told_too_much
    }

    /// The numbers in words: `43 people are in progress, 92 people need a letter`.
    pub fn in_words(&self) -> String {
        let progress = some(
            self.in_progress,
            "person is in progress",
            "people are in progress",
        );
        let letters = some(
            self.needs_letter,
            "person needs a letter",
            "people need a letter",
        );
        let little = some(self.told_too_little, LITTLE.0, LITTLE.1);
        let much = some(self.told_too_much, MUCH.0, MUCH.1);
        let parts: Vec<_> = [progress, letters, little, much]
            .into_iter()
            .flatten()
            .collect();
        match parts.is_empty() {
            true => "everybody is told".to_owned(),
            false => parts.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_people_and_drafts_of_campaigns_stand_against_nothing() {
        let open = Open {
            withheld: 3,
            drafts: 2,
            ..Open::default()
        };
        for reasons in [
            open.before_closing(),
            open.before_dismissing(),
            open.before_forgetting(false),
        ] {
            assert_eq!(reasons, Vec::<String>::new());
        }
    }

    #[test]
    fn each_reason_has_its_number() {
        let open = Open {
            in_progress: 57,
            needs_letter: 1,
            tickets: 1,
            campaigns: 1,
            letters: 2,
            lists: 1,
            ..Open::default()
        };
        assert_eq!(
            open.before_closing(),
            [
                "57 people are in progress: not told yet",
                "1 person needs a letter",
                "1 campaign is under way: let it end, or cancel it",
                "1 ticket is open",
                "2 messages wait in the outbox",
                "1 list waits as a draft: activate or discard it",
            ]
        );
        assert_eq!(open.before_dismissing().len(), 1);
        assert_eq!(open.before_forgetting(false).len(), 6);
        assert_eq!(open.before_forgetting(true).len(), 4);
    }

    #[test]
    fn a_yes_covers_what_shrank_since_and_not_what_grew() {
        let agreed = Untold {
            in_progress: 43,
            needs_letter: 92,
            told_too_little: 0,
            told_too_much: 1,
        };
        assert_eq!(
            agreed.in_words(),
            "43 people are in progress, 92 people need a letter, 1 person was told of something that is not theirs"
        );
        let fewer = Untold {
            in_progress: 2,
            ..agreed
        };
        assert!(agreed.covers(&agreed) && agreed.covers(&fewer) && !fewer.covers(&agreed));
        assert!(!agreed.covers(&Untold {
            needs_letter: 93,
            ..fewer
        }));
    }
}
