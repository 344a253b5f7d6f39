//! The reader of a preview: the person with a reference, for staff who may see people.

use crate::app::App;
use crate::audit::Action;
use crate::incident::Incident;
use crate::person::find::{self, Clue};
use crate::staff::Right;
use crate::template::preview::Reader;
use crate::web::caller::Signed;
use crate::web::problem::{Kind, Problem};

/// The reader with this reference, and the language that they read; `None` without a reference.
///
/// # Errors
/// 403 without the right to see people, 422 if no person has the reference.
pub(crate) async fn reader(
    app: &App,
    who: &Signed,
    incident: Option<&Incident>,
    reference: Option<&str>,
) -> Result<Option<(Reader, String)>, Problem> {
    let Some(reference) = reference.filter(|reference| !reference.trim().is_empty()) else {
        return Ok(None);
    };
    if !who.may(Right::SeePeople) {
        return Err(Problem::new(Kind::NotAllowed));
    }
    let missing = |what| Problem::new(Kind::NotAccepted).because(what);
    let incident =
        incident.ok_or_else(|| missing("a reference needs an incident to be looked up in"))?;
    let clue = Clue::Reference(reference.to_owned());
    let person = find::find(app, incident.id, &clue)
        .await?
        .into_iter()
        .next();
    let person = person.ok_or_else(|| missing("nobody in this incident has this reference"))?;
    who.saw(app, Action::PersonRead, person.id, 1);
    let (elements, withheld) = (person.exposed_now(), person.flags.withheld_reason());
    let told_wrongly = person.told_wrongly();
    let reader = Reader {
        name: person.contact.name.unwrap_or_default(),
        reference: person.contact.reference,
        elements,
        told_wrongly,
        withheld,
    };
    Ok(Some((reader, person.locale.as_str().to_owned())))
}
