//! How a template reads before it is sent: in an incident or without one, for a person or a sample.

use super::Variant;
use super::merge::{self, Fixed, MergeError, MissingValue, Problem, Rendered, Values};
use crate::element::{Element, ElementSet};
use crate::incident::Facts;
use crate::person::flags::WithheldReason;

/// The link in every preview; it belongs to no person.
pub(crate) const LINK_END: &str = "/s/sample";
/// The code in every preview; it belongs to no person.
pub(crate) const CODE: &str = "0000-0000-00";

/// In what a preview is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// The organisation's name.
    pub organisation: &'a str,
    /// Title and facts of the incident; without one, facts show as their own keys.
    pub incident: Option<(&'a str, &'a Facts)>,
    /// Where links begin.
    pub public_url: &'a str,
}

/// The reader that a preview is made for.
#[derive(Clone)]
pub(crate) struct Reader {
    /// Their name; may be empty.
    pub name: String,
    /// The organisation's own number for them.
    pub reference: String,
    /// What was exposed.
    pub elements: ElementSet,
    /// What they were told before and is not theirs.
    pub told_wrongly: ElementSet,
    /// Why nothing is sent to them, if their flags forbid it.
    pub withheld: Option<WithheldReason>,
}

impl Reader {
    /// An invented reader.
    pub(crate) fn sample() -> Self {
        Self {
            name: "Alex Example".to_owned(),
            reference: "10042".to_owned(),
            elements: ElementSet::of(&[Element::Name, Element::Phone, Element::Dob, Element::Ssn]),
            told_wrongly: ElementSet::of(&[Element::Imei]),
            withheld: None,
        }
    }
}

/// Why there is no preview.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PreviewError {
    /// The text does not compile.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Text(Vec<MergeError>),
    /// The text needs something of this person that is not known.
    #[error(transparent)]
    Missing(#[from] MissingValue),
}

/// Renders a variant for a reader.
///
/// # Errors
/// [`PreviewError`].
pub(crate) fn preview(
    locale: &str,
    variant: &Variant,
    setting: &Setting<'_>,
    reader: &Reader,
) -> Result<Rendered, PreviewError> {
    let no_facts = Facts::new();
    let (title, facts) = setting.incident.unwrap_or(("Sample incident", &no_facts));
    let compile = |facts: &Facts| {
        let organisation = setting.organisation;
        let fixed = Fixed {
            locale,
            organisation,
            incident_title: title,
            facts,
        };
        merge::compile(&variant.subject, &variant.body, &fixed)
    };
    let compiled = match compile(facts) {
        Err(wrong) if setting.incident.is_none() => compile(&keys_as_facts(&wrong)),
        done => done,
    };
    let values = Values {
        name: &reader.name,
        reference: &reader.reference,
        elements: reader.elements,
        told_wrongly: reader.told_wrongly,
        status_link: &format!("{}{LINK_END}", setting.public_url),
        notice_code: CODE,
    };
    Ok(compiled.map_err(PreviewError::Text)?.render(&values)?)
}

/// A fact for every one that is missed, saying its key.
pub(crate) fn keys_as_facts(wrong: &[MergeError]) -> Facts {
    let key = |error: &MergeError| match &error.problem {
        Problem::UnknownFact(key) => Some((key.clone(), format!("[{key}]"))),
        _ => None,
    };
    wrong.iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_incident_facts_show_as_their_keys() {
        let variant = Variant {
            subject: "Notice".to_owned(),
            body: "Dear {{ name }}, {{ facts.phone }} and {{ facts.what_happened }}".to_owned(),
        };
        let facts = Facts::from([("phone".to_owned(), "611".to_owned())]);
        let setting = |incident| Setting {
            organisation: "Us",
            incident,
            public_url: "http://x.example",
        };
        let alone = preview("en", &variant, &setting(None), &Reader::sample()).expect("a preview");
        assert!(
            alone.text.contains("[phone] and [what_happened]"),
            "{}",
            alone.text
        );
        let within = preview(
            "en",
            &variant,
            &setting(Some(("T", &facts))),
            &Reader::sample(),
        );
        assert!(matches!(within, Err(PreviewError::Text(wrong)) if wrong.len() == 1));
    }
}
