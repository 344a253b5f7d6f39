//! The starting texts: each in each language, for readers with one exposed element, with all, or with none.

use candor::element::{Element, ElementSet};
use candor::incident::Facts;
use candor::staff::StaffRole::Comms;
use candor::template::merge::{self, Fixed, Rendered, Values};
use candor::template::starting_text::{self, StartingText};
use serde_json::json;

use crate::client::Site;
use crate::house::House;

/// The address of one of them. The guidance names them too.
const AGENCY: &str = "P.O. Box 105788";

/// What every fact of these texts says.
fn facts(text: &StartingText) -> Facts {
    let fact = |key: &String| (key.clone(), format!("fact-{key}"));
    text.facts.iter().map(fact).collect()
}

/// A text as a reader gets it.
fn read(text: &StartingText, locale: &str, name: &str, elements: ElementSet) -> Rendered {
    let facts = facts(text);
    let fixed = Fixed {
        locale,
        organisation: "Sundmere Mobile",
        incident_title: "Theft",
        facts: &facts,
    };
    let variant = &text.variants[locale];
    let compiled = merge::compile(&variant.subject, &variant.body, &fixed);
    let compiled = compiled.unwrap_or_else(|why| panic!("{} {locale}: {why:?}", text.key));
    let values = Values {
        name,
        reference: "10042",
        elements,
        told_wrongly: ElementSet::of(&[Element::Imei]),
        status_link: "https://notice.example/s/token",
        notice_code: "7F3K-92QX-4T",
    };
    let rendered = compiled.render(&values);
    rendered.unwrap_or_else(|why| panic!("{} {locale}: {why}", text.key))
}

/// The consequences that it names: bold beginnings of bulleted items. The guidance is a numbered list.
fn consequences(letter: &Rendered) -> usize {
    let lists = letter.html.split("<ul").skip(1);
    let inside = lists.filter_map(|rest| rest.split("</ul>").next());
    inside.map(|list| list.matches("<strong>").count()).sum()
}

#[test]
fn there_are_nine_texts_in_four_languages_and_each_names_its_facts() {
    starting_text::check().unwrap();
    let all = starting_text::all();
    assert_eq!(all.len(), 9);
    for text in all {
        assert_eq!(text.languages(), "de, en, es, fr", "{}", text.key);
        assert!(
            text.facts.contains(&"what_we_are_doing".to_owned()),
            "{}",
            text.key
        );
        assert!(
            !text.about.contains('\n') && text.about.len() > 80,
            "{}",
            text.key
        );
        for locale in text.variants.keys() {
            let letter = read(text, locale, "Ana Moreno", ElementSet::ALL);
            for fact in text.facts.iter().filter(|fact| *fact != "offer") {
                assert!(
                    letter.text.contains(&format!("fact-{fact}")),
                    "{} {locale} {fact}",
                    text.key
                );
            }
            assert!(
                !letter.text.contains("{{") && !letter.text.contains('@'),
                "{}",
                letter.text
            );
        }
    }
}

#[test]
fn every_severe_element_has_a_consequence_with_its_measure_in_every_language() {
    for text in starting_text::all() {
        for locale in text.variants.keys() {
            // Of a name nothing follows but false messages.
            let name = read(text, locale, "", ElementSet::of(&[Element::Name]));
            assert_eq!(consequences(&name), 1, "{} {locale}", text.key);
            for element in Element::ALL
                .into_iter()
                .filter(|element| element.severity() >= 4)
            {
                let letter = read(text, locale, "", ElementSet::of(&[element]));
                assert_eq!(consequences(&letter), 2, "{} {locale} {element}", text.key);
            }
            let nothing = read_correction(text, locale);
            assert_eq!(nothing.map_or(0, |letter| consequences(&letter)), 0);
        }
    }
}

/// A correction as a person who is not affected gets it.
fn read_correction(text: &StartingText, locale: &str) -> Option<Rendered> {
    (text.key == "correction").then(|| read(text, locale, "", ElementSet::EMPTY))
}

#[test]
fn the_credit_agencies_stand_once_where_a_number_of_theirs_was_taken() {
    for text in starting_text::all() {
        let has_agencies = text.key != "first_notice_gdpr";
        for locale in text.variants.keys() {
            for (elements, times) in [
                (vec![Element::Ssn], 1),
                (vec![Element::DriverLicence], 1),
                (vec![Element::Ssn, Element::DriverLicence], 1),
                (vec![Element::Phone, Element::PaymentCard], 0),
            ] {
                let letter = read(text, locale, "Bo", ElementSet::of(&elements));
                let expected = if has_agencies { times } else { 0 };
                assert_eq!(
                    letter.text.matches(AGENCY).count(),
                    expected,
                    "{} {locale}",
                    text.key
                );
            }
        }
    }
}

#[test]
fn the_headings_are_those_of_california_and_the_parts_those_of_the_gdpr() {
    const HEADINGS: [&str; 5] = [
        "What Happened",
        "What Information Was Involved",
        "What We Are Doing",
        "What You Can Do",
        "For More Information",
    ];
    for text in starting_text::all() {
        let letter = read(text, "en", "Bo", ElementSet::ALL);
        for heading in HEADINGS {
            let is_forbidden =
                text.key == "first_notice_massachusetts" && heading == "What Happened";
            let there = letter.html.contains(&format!(">{heading}</h2>"));
            assert_eq!(there, !is_forbidden, "{}: {heading}", text.key);
        }
        let genuine = "How to check that this notice is genuine";
        assert_eq!(letter.text.matches(genuine).count(), 1, "{}", text.key);
        assert_eq!(
            letter.text.matches("7F3K-92QX-4T").count(),
            1,
            "{}",
            text.key
        );
        assert_eq!(letter.text.matches("/verify").count(), 1, "{}", text.key);
    }
    let text = starting_text::find("first_notice_gdpr").unwrap();
    for (locale, heading) in [
        ("en", "Likely Consequences"),
        ("es", "Consecuencias probables"),
        ("fr", "Conséquences probables"),
        ("de", "Wahrscheinliche Folgen"),
    ] {
        let letter = read(text, locale, "Bo", ElementSet::ALL);
        assert!(letter.html.contains(heading), "{locale}");
        for part in [
            "fact-what_happened",
            "fact-dpo",
            "fact-complaint_route",
            "fact-what_we_are_doing",
        ] {
            assert!(letter.text.contains(part), "{locale} {part}");
        }
    }
}

#[test]
fn a_correction_is_true_for_a_person_who_is_not_affected() {
    let text = starting_text::find("correction").unwrap();
    for (locale, not_affected) in [
        ("en", "You are not affected."),
        ("es", "Usted no está afectado."),
        ("fr", "Vous n’êtes pas concerné."),
        ("de", "Sie sind nicht betroffen."),
    ] {
        let nothing = read(text, locale, "Bo", ElementSet::EMPTY).text;
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            plain(&nothing).contains(not_affected),
            "{locale}: {nothing}"
        );
        assert!(!nothing.contains(AGENCY), "{locale}");
        let some = read(text, locale, "Bo", ElementSet::of(&[Element::Ssn])).text;
        assert!(!plain(&some).contains(not_affected), "{locale}: {some}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_from_a_starting_text_has_no_finding() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let offered = program.get("/starting-texts").json();
    for text in offered["items"].as_array().unwrap() {
        let key = text["key"].as_str().unwrap();
        let new = json!({ "name": text["title"], "starting_text": key });
        let made = program.post("/templates", &new);
        assert_eq!(made.status, 201, "{}", made.body);
        let made = made.json();
        assert_eq!(made["variants"], text["variants"]);
        let mut findings = made["findings"].as_array().unwrap().clone();
        // The law of Massachusetts forbids this part.
        if key == "first_notice_massachusetts" {
            findings.retain(|one| one["rule"] != "any.what-happened");
        }
        assert!(findings.is_empty(), "{key}: {findings:#?}");
    }
    let one = json!({ "name": "In two", "starting_text": "supplement", "locales": ["es", "en"] });
    let made = program.post("/templates", &one).json();
    let locales: Vec<_> = made["variants"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(locales, ["en", "es"]);
    for (refused, why) in [
        (
            json!({ "name": "x", "starting_text": "none" }),
            "no such starting text",
        ),
        (
            json!({ "name": "x", "starting_text": "supplement", "locales": ["ja"] }),
            "written in de, en, es, fr",
        ),
        (
            json!({ "name": "x", "starting_text": "supplement", "variants": made["variants"] }),
            "either variants",
        ),
        (json!({ "name": "x" }), "1 to 60 variants"),
    ] {
        let seen = program.post("/templates", &refused);
        assert!(
            seen.status == 422 && seen.body.contains(why),
            "{}",
            seen.body
        );
    }
    let events = "select count(*) from audit_event where action = 'template.create' and detail like '%starting_text%'";
    assert_eq!(house.number(events).await, 10);
}
