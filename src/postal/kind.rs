//! The kinds and states of lists and letters.

use crate::db::enums::before;
use crate::incident::IncidentState;
use crate::person::ToldBy;
use crate::pg_enum;

pg_enum! {
    /// The kind of list, by the people on it and how they are told.
    pub enum PostalKind: PostalKind {
        /// People who cannot be reached by e-mail: a letter to themselves.
        Letter = "letter",
        /// Minors, where the incident holds them for a letter to the parent or guardian.
        Guardian = "guardian",
        /// People who were told of something that is not theirs and cannot be reached by e-mail: a letter of
        /// correction.
        Correction = "correction",
        /// People who died: staff tell their next of kin.
        Kin = "kin",
        /// People at a protected address: staff tell them through a safe channel.
        Safe = "safe",
        /// One person who was told by word of mouth. Never a list.
        Single = "single",
    }
}

impl PostalKind {
    /// The kinds of lists that can be taken.
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

    /// Whether people may be told so of an incident in this state: by letter while a campaign may tell them. By word of
    /// mouth also once it is closed: people who are withheld do not stand against closing.
    pub fn may_tell_in(self, state: IncidentState) -> bool {
        state.may_notify() || state == IncidentState::Closed && !self.is_posted()
    }

    /// Its lists, for readers.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Letter => "letters",
            Self::Guardian => "letters to guardians",
            Self::Correction => "letters of correction",
            Self::Kin => "next of kin",
            Self::Safe => "safe channels",
            Self::Single => "told one by one",
        }
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
        /// Taken; not recorded as posted yet.
        Listed = "listed",
        /// Posted; its people are being recorded as told.
        Posting = "posting",
        /// Posted, or told.
        Posted = "posted",
        /// Thrown away before it was posted.
        Discarded = "discarded",
    }
}

impl PostalState {
    /// The states that may follow.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Listed => &[Self::Posting, Self::Discarded],
            Self::Posting => &[Self::Posted],
            Self::Posted | Self::Discarded => &[],
        }
    }

    /// The states from which this one may be reached: the guard of every UPDATE.
    pub fn before(self) -> Vec<Self> {
        before(Self::ALL, self, Self::after)
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
