//! The elements that a notice counts as naming are those that its text names (promise P2): an independent reader checks
//! it, and a text is refused where that would be false.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy};
use candor::delivery::letter::message_key;
use candor::element::{Element, ElementSet, LOCALES};
use candor::id::{CampaignId, PersonId};
use candor::incident::Facts;
use candor::rehearsal;
use candor::seal::to_hex;
use candor::template::edit::{self, Words};
use candor::template::{Variant, Variants};
use serde_json::json;

use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};

/// Notices that the reader gets, of each of four templates.
const NOTICES: usize = 250;
const PLACES: [&str; 4] = ["US-CA", "US-NY", "DE", "FR"];

fn variants(body: impl Fn(&str) -> String) -> Variants {
    let text = |locale: &&str| {
        let text = Variant {
            subject: "2026-11".to_owned(),
            body: body(locale),
        };
        ((*locale).to_owned(), text)
    };
    LOCALES.iter().map(text).collect()
}

/// The elements of a person: one to nine, from anywhere in the register; of the third template always the same two.
fn elements(template: usize, number: usize) -> ElementSet {
    if template == 2 {
        return ElementSet::of(&[Element::Name, Element::Ssn]);
    }
    let all = &Element::ALL;
    (0..1 + number % 9)
        .map(|n| all[(number * 7 + n * 5) % all.len()])
        .collect()
}

/// Four templates: a list of elements; words under conditions; the same words for all; the rehearsal's, which name
/// more.
fn templates() -> [(Variants, ElementSet); 4] {
    let by_words = |locale: &str| {
        let mut body = "{{ name }}\n\n".to_owned();
        for element in Element::ALL {
            let words = element.words(locale);
            write!(
                body,
                "{{{{#if has.{element}}}}}\n- {words}.\n{{{{/if}}}}\n\n"
            )
            .unwrap();
        }
        body + "{{ guidance }}\n"
    };
    let fixed = |locale: &str| {
        let (name, ssn) = (Element::Name.words(locale), Element::Ssn.words(locale));
        format!("{{{{ name }}}}: **{name}**, {ssn}.\n\n{{{{ guidance }}}}\n")
    };
    let rehearsed = rehearsal::initial().into_iter().map(|text| {
        let (subject, body) = (text.subject.to_owned(), text.body);
        (text.locale.to_owned(), Variant { subject, body })
    });
    [
        (
            variants(|_| "{{ name }}: {{ elements }}.\n\n{{ guidance }}\n".to_owned()),
            ElementSet::EMPTY,
        ),
        (variants(by_words), ElementSet::ALL),
        (variants(fixed), elements(2, 0)),
        (rehearsed.collect(), ElementSet::EMPTY),
    ]
}

async fn draft(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    (variants, names): (&Variants, ElementSet),
    audience: Audience,
) -> CampaignId {
    let name = format!("T{}", house.number("select count(*) from template").await);
    let words = Words { variants, names };
    let template = edit::create(&house.app, scene.comms, &name, words)
        .await
        .unwrap();
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind,
        audience,
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

fn english(body: &str) -> Variants {
    let text = Variant {
        subject: "Notice".to_owned(),
        body: body.to_owned(),
    };
    Variants::from([("en".to_owned(), text)])
}

/// What the reader finds in each message.
fn read(letters: &[std::path::PathBuf]) -> Vec<ElementSet> {
    let words: BTreeMap<&str, BTreeMap<&str, &str>> = LOCALES
        .into_iter()
        .map(|locale| {
            let words = Element::ALL
                .iter()
                .map(|one| (one.code(), one.words(locale)));
            (locale, words.collect())
        })
        .collect();
    let mut python = Command::new("python3")
        .args(["-c", include_str!("naming.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let task = serde_json::to_vec(&json!({ "words": words, "letters": letters })).unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(&task).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "python could not read the messages"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn import_people_of_each_template(house: &House, scene: &Scene) {
    // Facts that name no element, for the rehearsal's texts.
    let facts: Facts = rehearsal::fact_sheet()
        .into_keys()
        .map(|key| (key, "1".to_owned()))
        .collect();
    scene.edit_facts(house, "2026", &facts).await;
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for (template, place) in PLACES.iter().enumerate() {
        for n in 0..NOTICES {
            let (locale, elements) = (LOCALES[n % LOCALES.len()], elements(template, n));
            writeln!(
                csv,
                "{place}-{n},p{n}@{place}.example,Zz {n},{locale},{place},{elements}"
            )
            .unwrap();
        }
    }
    scene.import(house, &csv).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_an_independent_reader_finds_in_a_thousand_notices_exactly_what_was_named() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    import_people_of_each_template(&house, &scene).await;
    for ((variants, names), place) in templates().iter().zip(PLACES) {
        let audience: Audience =
            serde_json::from_value(json!({ "jurisdictions": [place.to_lowercase()] })).unwrap();
        let kind = CampaignKind::Initial;
        let campaign = draft(&house, &scene, kind, (variants, *names), audience).await;
        scene.launch(&house, campaign).await;
        house.send_all().await;
    }
    let scratch = Scratch::new();
    let mut files = Vec::new();
    let mut named = Vec::new();
    let rows = house
        .raw()
        .await
        .query(
            "select campaign_id, person_id, named from notice where status = 'sent'",
            &[],
        )
        .await
        .unwrap();
    let by_id: BTreeMap<String, i64> = rows
        .iter()
        .map(|row| {
            let campaign = CampaignId::from_uuid(row.get(0));
            let key = message_key(campaign, PersonId::from_uuid(row.get(1)));
            (to_hex(&key), row.get(2))
        })
        .collect();
    for (n, letter) in house.mail.sent().into_iter().enumerate() {
        let text = String::from_utf8(letter.raw.clone()).unwrap();
        let (_, id) = text.split_once("\nMessage-ID: <").unwrap();
        let bits = by_id[id.split_once('@').unwrap().0];
        named.push(ElementSet::from_bits(bits).unwrap());
        let file = scratch.path().join(format!("{n}.eml"));
        std::fs::write(&file, letter.raw).unwrap();
        files.push(file);
    }
    assert_eq!(named.len(), 4 * NOTICES);
    let found = read(&files);
    let wrong: Vec<_> = found
        .iter()
        .zip(&named)
        .zip(&files)
        .filter(|((f, n), _)| f != n)
        .collect();
    assert!(wrong.is_empty(), "{}: {:?}", wrong.len(), wrong.first());
    let owed = house
        .number("select count(*) from person_now where exposed & ~named <> 0")
        .await;
    assert_eq!(owed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_text_that_leaves_an_element_unnamed_is_not_submitted() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let mut csv = list(5, "name;ssn");
    csv.push_str("R-X,x@example.org,X,en,US-WA,name\n");
    scene.import(&house, &csv).await;
    let submit = async |body: &str, names: &[Element]| {
        let words = (&english(body), ElementSet::of(names));
        let kind = CampaignKind::Initial;
        let campaign = draft(&house, &scene, kind, words, Audience::default()).await;
        launch::submit(&house.app, scene.comms, campaign).await
    };
    let review = |refused: Result<String, CampaignError>| match refused {
        Err(CampaignError::NotReady(review, _)) => review,
        other => panic!("{other:?}"),
    };
    // The template of the original fault: neither a list nor words.
    let found = review(submit("Dear {{ name }}, your data was stolen.", &[]).await);
    let unnamed: Vec<_> = found
        .unnamed
        .iter()
        .map(|one| (one.element, one.people))
        .collect();
    assert_eq!(unnamed, [(Element::Name, 6), (Element::Ssn, 5)]);
    assert_eq!(found.unnamed[0].locale.as_str(), "en");
    // Words that were not declared do not count as naming.
    let by_words = "Your name and your Social Security number were stolen.";
    assert_eq!(
        review(submit(by_words, &[Element::Name]).await)
            .unnamed
            .len(),
        1
    );
    // Said to a person who did not lose a number.
    let declared = [Element::Name, Element::Ssn];
    let found = review(submit(by_words, &declared).await);
    let not_theirs: Vec<_> = found
        .not_theirs
        .iter()
        .map(|one| (one.element, one.people))
        .collect();
    assert_eq!(
        (not_theirs, found.unnamed.len()),
        (vec![(Element::Ssn, 1)], 0)
    );
    // Advice does not name an element, and a declaration without the words does not either.
    assert_eq!(
        review(submit("Your name. {{ status_link }}\n\n{{ guidance }}", &declared).await)
            .unnamed
            .len(),
        1
    );
    let right = "Your name{{#if has.ssn}} and your Social Security number{{/if}}, {{ name }}.";
    submit(right, &declared).await.unwrap();
    submit("Taken: {{ elements }}.", &[]).await.unwrap();
    // A link that looks like phishing is an error of the check.
    let found = review(submit("{{ elements }} [more](https://bit.ly/x)", &[]).await);
    assert_eq!(found.findings.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_supplement_by_words_adds_to_what_was_told() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene.import(&house, &list(3, "name;phone")).await;
    let words = (
        &english("Your phone number was stolen, too."),
        ElementSet::of(&[Element::Phone]),
    );
    let kind = CampaignKind::Supplement;
    let campaign = draft(&house, &scene, kind, words, Audience::default()).await;
    scene.launch(&house, campaign).await;
    house.send_all().await;
    let both = ElementSet::of(&[Element::Name, Element::Phone]).bits();
    let told = format!("select count(*) from person_now where named = {both} and told = 'email'");
    assert_eq!(house.number(&told).await, 3);
}
