//! The addressee of a letter, in the words of the envelope.

use super::PostalKind;
use crate::person::Person;
use crate::template::guardian;

/// The line of the envelope: the person, the guardian of a minor, or the next of kin. Without a name, their reference
/// stands for them.
pub fn addressee(person: &Person, kind: PostalKind, to_guardian: bool) -> String {
    let name = person.contact.name.as_deref();
    let name = name.unwrap_or(&person.contact.reference);
    let locale = person.locale.as_str();
    match kind {
        PostalKind::Kin => kin(locale).replace("{name}", name),
        PostalKind::Letter | PostalKind::Guardian | PostalKind::Correction | PostalKind::Safe
            if to_guardian =>
        {
            guardian::words(locale).to.replace("{name}", name)
        }
        _ => name.to_owned(),
    }
}

fn kin(locale: &str) -> &'static str {
    match locale.split(['-', '_']).next().unwrap_or("") {
        "es" => "A los familiares de {name}",
        "fr" => "Aux proches de {name}",
        "de" => "An die Angehörigen von {name}",
        "vi" => "Kính gửi thân nhân của {name}",
        "zh" => "致{name}的亲属",
        "ko" => "{name} 님의 가족께",
        "ru" => "Близким: {name}",
        "ar" => "إلى ذوي {name}",
        _ => "To the next of kin of {name}",
    }
}
