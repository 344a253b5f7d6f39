//! What a person should do first, chosen from what of theirs was exposed.
//!
//! Long lists without order are the main fault of real notices (domain research §5), so there
//! are at most three, the most urgent first, each said once whatever called for it.

use super::{
    ElementSet,
    advice::{RULES, Rule},
    words::column,
};
use std::cmp::Reverse;

/// People do not act on more than this.
pub const MOST_ADVICE: usize = 3;

/// One thing to do: a short command and how to carry it out. Plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What to do, without a full stop.
    pub title: &'static str,
    /// How, in two or three sentences.
    pub text: &'static str,
}

/// At most [`MOST_ADVICE`] things to do, most urgent first; none for the empty set.
pub fn guidance(set: ElementSet, locale: &str) -> Vec<Advice> {
    let urgency = |rule: &Rule| {
        set.intersection(rule.for_any_of)
            .severity()
            .min(rule.at_most)
    };
    let mut rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| !set.intersection(rule.for_any_of).is_empty())
        .collect();
    rules.sort_by_key(|rule| Reverse(urgency(rule))); // stable: equals keep the table's order
    let said = rules
        .iter()
        .take(MOST_ADVICE)
        .map(|rule| rule.said[column(locale)]);
    said.map(|(title, text)| Advice { title, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Element, LOCALES};
    use super::*;

    fn titles(codes: &str) -> Vec<&'static str> {
        let set = ElementSet::parse(codes).unwrap();
        guidance(set, "en")
            .iter()
            .map(|advice| advice.title)
            .collect()
    }

    #[test]
    fn former_and_postpaid_customers_freeze_their_credit_first() {
        assert_eq!(
            titles("name;dob;ssn;driver_licence"),
            [
                "Freeze your credit",
                "Get an Identity Protection PIN from the IRS",
                "Expect false messages"
            ]
        );
    }

    #[test]
    fn after_the_scope_grew_the_number_lock_comes_right_after_the_freeze() {
        assert_eq!(
            titles("name;dob;ssn;driver_licence;phone;imei;imsi"),
            [
                "Freeze your credit",
                "Lock your phone number",
                "Get an Identity Protection PIN from the IRS"
            ]
        );
    }

    #[test]
    fn prepaid_customers_replace_the_pin_and_lock_the_number() {
        assert_eq!(
            titles("name;phone;carrier_pin"),
            [
                "Choose a new account PIN",
                "Lock your phone number",
                "Expect false messages"
            ]
        );
    }

    #[test]
    fn customers_found_later_lock_the_number_first() {
        assert_eq!(
            titles("name;postal_address;dob;phone;imei;imsi"),
            [
                "Lock your phone number",
                "Freeze your credit",
                "Expect false messages"
            ]
        );
    }

    #[test]
    fn contact_data_alone_asks_for_watchfulness_only() {
        assert_eq!(
            titles("name;email;postal_address"),
            ["Expect false messages"]
        );
        assert!(titles("").is_empty());
    }

    #[test]
    fn a_bank_account_is_not_pushed_out_by_the_tax_office() {
        assert_eq!(
            titles("ssn;bank_account;password_hash"),
            [
                "Freeze your credit",
                "Change your password",
                "Call your bank"
            ]
        );
    }

    #[test]
    fn every_element_gives_advice_that_is_short_calm_and_in_the_readers_language() {
        for locale in LOCALES {
            for element in Element::ALL {
                assert!(
                    !guidance(ElementSet::of(&[element]), locale).is_empty(),
                    "{element}"
                );
            }
            for rule in &RULES {
                let (title, text) = rule.said[column(locale)];
                assert!(
                    (2..=60).contains(&title.chars().count()),
                    "{locale}: {title}"
                );
                assert!(
                    (30..=380).contains(&text.chars().count()),
                    "{locale}: {text}"
                );
                assert!(
                    !text.contains(['!', '！', '\n']) && text.ends_with(['.', '。']),
                    "{text}"
                );
            }
        }
    }
}
