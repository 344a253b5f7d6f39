//! How a person was told otherwise than by our e-mail and post.

use serde::{Deserialize, Serialize};

use super::PostalError;

/// How a person was told without our e-mail and post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A letter to another person.
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
