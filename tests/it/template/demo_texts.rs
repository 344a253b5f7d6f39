//! The texts of the demo: one telephone number, and one explanation of how to check a notice.

use candor::config::Config;
use candor::rehearsal::{self, carrier};

fn config(settings: &str) -> Config {
    let none = std::iter::empty::<(String, String)>();
    Config::from_parts(Some(settings), none).unwrap()
}

#[test]
fn b15_notices_and_pages_of_the_demo_name_one_number() {
    let mut demo = config("");
    demo.organisation = carrier::organisation(&demo);
    let own =
        config("[organisation]\nname = \"Ours\"\nphone = \"555 0100\"\nphone_hours = \"weekdays\"");
    for config in [demo, own] {
        let (facts, us) = (carrier::facts(&config), &config.organisation);
        assert!(!us.phone.is_empty() && !us.phone_hours.is_empty());
        assert_eq!(facts["contact_phone"], us.phone);
        assert_eq!(facts["contact_hours"], us.phone_hours);
    }
    let own = config("[organisation]\nphone_hours = \"weekdays\"");
    let hours = carrier::facts(&own);
    let hours: Vec<_> = hours
        .iter()
        .filter(|(key, _)| key.starts_with("contact_hours"))
        .collect();
    assert!(hours.len() == 9 && hours.iter().all(|(_, hours)| *hours == "weekdays"));
}

#[test]
fn b16_the_demos_texts_leave_how_to_check_a_notice_to_candor() {
    for text in rehearsal::initial()
        .into_iter()
        .chain(rehearsal::supplement())
    {
        let count = |words: &str| text.body.matches(words).count();
        assert_eq!(count("{{ notice_code }}"), 1, "{}", text.locale);
        assert_eq!(
            count("{{ status_link }}") + count("/verify"),
            0,
            "{}",
            text.locale
        );
    }
}
