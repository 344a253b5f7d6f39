//! Finds the people of an incident who are hardest to write to. Names are sealed, so no statement can find the longest
//! one: Candor looks at a part of the people.

use super::find::FindError;
use super::{PeopleFilter, Person, store};
use crate::app::App;
use crate::element::is_rtl;
use crate::incident::Incident;

/// How many people of each of the 64 buckets are looked at.
const OF_EACH_BUCKET: i64 = 16;

/// What makes a person hard to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hard {
    /// The longest name.
    LongestName,
    /// The most exposed elements.
    MostElements,
    /// No name: the notice greets with a neutral word.
    NoName,
    /// A language or a name that is written from right to left.
    RightToLeft,
}

impl Hard {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [
        Self::LongestName,
        Self::MostElements,
        Self::NoName,
        Self::RightToLeft,
    ];

    /// Its word for programs and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LongestName => "longest_name",
            Self::MostElements => "most_elements",
            Self::NoName => "no_name",
            Self::RightToLeft => "right_to_left",
        }
    }

    /// The same for people: `the person with the longest name`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::LongestName => "the person with the longest name",
            Self::MostElements => "the person with the most exposed elements",
            Self::NoName => "a person without a name",
            Self::RightToLeft => "a person who reads or is named from right to left",
        }
    }

    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// The hardest of the people who were looked at, if one of them is, and how many those were.
///
/// # Errors
/// [`FindError::Key`], or the database's.
pub async fn find(
    app: &App,
    incident: &Incident,
    hard: Hard,
) -> Result<(Option<Person>, usize), FindError> {
    let Some(key) = incident.key(&app.keys)? else {
        return Ok((None, 0));
    };
    let mut conn = app.db.get().await?;
    let people = store::sample(&mut conn, &key, incident.id, OF_EACH_BUCKET).await?;
    let looked_at = people.len();
    if let Some(found) = pick(people, hard) {
        return Ok((Some(found), looked_at));
    }
    // The counters know whether people read such a language, however rare they are.
    let rare = match hard {
        Hard::RightToLeft => store::locales(&mut conn, incident.id).await?,
        _ => Vec::new(),
    };
    let Some(locale) = rare.into_iter().find(|locale| is_rtl(locale)) else {
        return Ok((None, looked_at));
    };
    let filter = PeopleFilter {
        locale: Some(locale),
        ..PeopleFilter::default()
    };
    let (found, _) = store::list(&mut conn, &key, incident.id, &filter, None, 1).await?;
    Ok((found.into_iter().next(), looked_at))
}

fn pick(people: Vec<Person>, hard: Hard) -> Option<Person> {
    let name = |person: &Person| person.contact.name.clone().unwrap_or_default();
    let mut each = people.into_iter();
    match hard {
        Hard::LongestName => each
            .max_by_key(|person| name(person).chars().count())
            .filter(|person| !name(person).trim().is_empty()),
        Hard::MostElements => each.max_by_key(|person| person.exposed.bits().count_ones()),
        Hard::NoName => each.find(|person| name(person).trim().is_empty()),
        Hard::RightToLeft => {
            each.find(|person| is_rtl(person.locale.as_str()) || runs_left(&name(person)))
        }
    }
}

/// Whether a name has a letter of a script that is written from right to left (Unicode blocks).
fn runs_left(name: &str) -> bool {
    name.chars().any(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_leads_back_and_scripts_are_known() {
        for hard in Hard::ALL {
            assert_eq!(Hard::parse(hard.as_str()), Some(hard));
        }
        assert_eq!(Hard::parse("easy"), None);
        assert!(runs_left("Sara سارة") && runs_left("נעה") && !runs_left("Zoë 李"));
    }
}
