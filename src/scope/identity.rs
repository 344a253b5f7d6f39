//! Whether a reference seems to have been given to another person: in a list with row numbers as references, a row
//! inserted at the top gives each following reference to another person.

use unicode_normalization::UnicodeNormalization;

use super::marks::Marks;
use crate::address::EmailAddress;
use crate::person::contact::Contact;

/// Compares a row with what was known of its person: `before` is the person as the last list has them, `origin` as they
/// were before earlier lists changed their contact data without a question, each a part of them perhaps. Whether the
/// row seems to name another person, and what else is asked about it.
pub(crate) fn judge(before: &Contact, origin: Option<&Contact>, now: &Contact) -> (bool, Marks) {
    let known = || [Some(before), origin].into_iter().flatten();
    let another = known().any(|known| is_another(known, now));
    let mut marks = Marks::NONE;
    if before.email.is_some() && now.email.is_none() {
        marks = marks.and(Marks::EMAIL_LOST);
    }
    if before.address.is_some() && now.address.is_none() {
        marks = marks.and(Marks::ADDRESS_LOST);
    }
    let moved = |known: &Contact| email(known) != email(now) || post(known) != post(now);
    if another && known().any(moved) {
        marks = marks.and(Marks::LINKS_END);
    }
    (another, marks)
}

/// Whether the name is another one and no e-mail address stays. At the same postal address, and where no address is
/// known at all, a name with more or fewer words is the same name. Case, compatibility forms and white space do not
/// matter.
pub(crate) fn is_another(before: &Contact, now: &Contact) -> bool {
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    let has_none = |of: &Contact| of.email.is_none() && of.address.is_none();
    let stays = same(post(before), post(now)) || (has_none(before) && has_none(now));
    name(before) != name(now)
        && !same(email(before), email(now))
        && !(stays && is_longer_or_shorter(before, now))
}

fn email(of: &Contact) -> Option<String> {
    of.email.as_ref().map(EmailAddress::key_form)
}

fn name(of: &Contact) -> Option<String> {
    of.name.as_deref().map(folded)
}

fn post(of: &Contact) -> Option<String> {
    of.address.as_deref().map(folded)
}

/// Whether one of the two names has all words of the other: a title, a second first name, or no name.
fn is_longer_or_shorter(one: &Contact, other: &Contact) -> bool {
    let (one, other) = (
        name(one).unwrap_or_default(),
        name(other).unwrap_or_default(),
    );
    let has_all = |long: &str, short: &str| {
        let mut words = short.split(' ').filter(|word| !word.is_empty());
        words.all(|word| long.split(' ').any(|known| known == word))
    };
    has_all(&one, &other) || has_all(&other, &one)
}

fn folded(text: &str) -> String {
    let form: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    form.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(name: &str, email: &str, address: &str) -> Contact {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Contact {
            reference: "1".to_owned(),
            email: EmailAddress::parse(email).ok(),
            name: some(name),
            postcode: None,
            address: some(address),
        }
    }

    #[test]
    fn a_new_name_without_an_e_mail_address_that_stays_makes_another_person() {
        let before = contact("Ada Löwe", "ada@example.org", "1 High St\nLondon");
        let other = |name, email, address| is_another(&before, &contact(name, email, address));
        assert!(other("Bo Chen", "bo@example.org", "2 Low St"));
        assert!(other("Bo Chen", "", ""));
        assert!(!other("ADA  LO\u{308}WE", "bo@example.org", "2 Low St"));
        assert!(!other("Ada Wolf", "ada@example.org", ""), "married");
        let same_house = "1 high st  london";
        assert!(other("Bo Löwe", "b@example.org", same_house), "a spouse");
        assert!(other("Bo", "", same_house));
        assert!(
            !other("Mrs Ada Löwe", "b@example.org", same_house),
            "a title"
        );
        assert!(!other("Ada Löwe", "", ""));
        let nameless = |email| contact("", email, "");
        assert!(!is_another(&nameless("a@b.org"), &nameless("c@d.org")));
        let nowhere = |name| contact(name, "", "");
        assert!(is_another(&nowhere("Ada"), &nowhere("Bo")));
        assert!(!is_another(&nowhere("Ada"), &nowhere("Ada Wolf")));
    }

    #[test]
    fn a_person_who_changed_in_two_steps_is_compared_with_the_first() {
        let origin = contact("Ada", "ada@example.org", "1 High St");
        let before = contact("Bo", "ada@example.org", "1 High St");
        let now = contact("Bo", "bo@example.org", "2 Low St");
        assert!(!judge(&before, None, &now).0);
        let (another, marks) = judge(&before, Some(&origin), &now);
        assert!(another && marks == Marks::LINKS_END);
        let back = judge(&before, Some(&origin), &origin);
        assert_eq!(back, (false, Marks::NONE));
        let gone = judge(&origin, None, &contact("Ada", "", ""));
        assert_eq!(gone, (false, Marks::EMAIL_LOST.and(Marks::ADDRESS_LOST)));
    }
}
