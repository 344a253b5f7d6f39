//! Whether a reference seems to have been given to another person: a list whose references are row numbers gives
//! all of them away once a row is put in at its top.

use unicode_normalization::UnicodeNormalization;

use crate::address::EmailAddress;
use crate::person::contact::Contact;

/// Whether name and address are both new. An address is the same if the e-mail address or the postal address is;
/// case, compatibility forms and white space do not matter. Without any address before and now there is nothing
/// to compare.
pub fn is_another(before: &Contact, now: &Contact) -> bool {
    let email = |of: &Contact| of.email.as_ref().map(EmailAddress::key_form);
    let name = |of: &Contact| of.name.as_deref().map(folded);
    let post = |of: &Contact| of.address.as_deref().map(folded);
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    let has_address = |of: &Contact| of.email.is_some() || of.address.is_some();
    name(before) != name(now)
        && !same(email(before), email(now))
        && !same(post(before), post(now))
        && (has_address(before) || has_address(now))
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
    fn only_both_together_make_another_person() {
        let before = contact("Ada Löwe", "ada@example.org", "1 High St\nLondon");
        let other = |name, email, address| is_another(&before, &contact(name, email, address));
        assert!(other("Bo Chen", "bo@example.org", "2 Low St"));
        assert!(other("Bo Chen", "", ""));
        assert!(!other("ADA  LO\u{308}WE", "bo@example.org", "2 Low St"));
        assert!(!other("Ada Wolf", "ada@example.org", ""), "married");
        assert!(!other("Bo", "b@example.org", "1 high st  london"));
        assert!(!other("Ada Löwe", "", ""));
        let nameless = |email| contact("", email, "");
        assert!(!is_another(&nameless("a@b.org"), &nameless("c@d.org")));
        let nowhere = |name| contact(name, "", "");
        assert!(!is_another(&nowhere("Ada"), &nowhere("Bo")));
    }
}
