//! The audience of a campaign: who was told what, filters, people held back by another campaign, the language they
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::NewCampaign;
use candor::campaign::{self, CampaignKind, Limits, UncertainPolicy};
use candor::element::{Element, ElementSet};
use candor::id::{BUCKETS, CampaignId, PersonId};
use candor::mail::Reply;
use candor::person::flags::Flags;
use candor::person::place::{Jurisdiction, Locale};
use candor::person::{self, AudienceFilter, Who};
use candor::staff::StaffRole::Comms;
use candor::template::{Variant, Variants, edit};
use serde_json::{Value, json};

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

async fn draft(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Value,
) -> CampaignId {
    let name = format!("A{}", house.number("select count(*) from template").await);
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, &name, body).await,
        template_version: 1,
        kind,
        audience: serde_json::from_value(audience).unwrap(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Leave,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

async fn send(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Value,
) -> Vec<String> {
    let campaign = draft(house, scene, kind, body, audience).await;
    scene.launch(house, campaign).await;
    house.send_all().await;
    let mut got: Vec<_> = house
        .mail
        .take_sent()
        .iter()
        .map(|letter| letter.recipient.local().to_owned())
        .collect();
    got.sort();
    got
}

const LIST: &str = "Taken of yours: {{ elements }}.";
/// A text that also fits people who are no longer affected.
const CORRECTION: &str =
    "We were wrong.\n\n{{#if has.any}}\nTaken of yours: {{ elements }}.\n{{/if}}";
const HEADER: &str = "reference,email,name,locale,jurisdiction,elements,flags\n";

/// One row of the list; `who` is the reference and the mailbox.
fn row(who: &str, elements: &str) -> String {
    format!("{who},{who}@example.org,Zz,en,US-WA,{elements},\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_reaches_exactly_the_people_it_is_for() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let everybody = |rows: &[(&str, &str)]| {
        rows.iter().fold(HEADER.to_owned(), |csv, (who, elements)| {
            csv + &row(who, elements)
        })
    };
    let first = [
        ("more", "name"),
        ("less", "name;ssn"),
        ("other", "name;ssn"),
        ("gone", "name;phone"),
        ("same", "name"),
    ];
    scene.import(&house, &everybody(&first)).await;
    let got = send(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    assert_eq!(got, ["gone", "less", "more", "other", "same"]);

    // Two newcomers. One person lost more, one less, one other elements. One person left the scope, and so did a
    // newcomer who was told nothing.
    let second = [
        ("more", "name;phone"),
        ("less", "name"),
        ("other", "name;phone"),
        ("same", "name"),
        ("new", "name"),
        ("newer", "name;ssn"),
    ];
    scene.import(&house, &everybody(&second)).await;
    // T2: people who were told nothing get no supplement.
    let got = send(&house, &scene, CampaignKind::Supplement, LIST, json!({})).await;
    assert_eq!(got, ["more", "other"]);
    // T3: people who were told of an element that is not theirs, and people who were told and have left the scope. The
    // filter selects by what they were told.
    let by_phone = json!({ "elements": ["phone"] });
    let got = send(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        by_phone,
    )
    .await;
    assert_eq!(got, ["gone"]);
    let over = json!({ "who": "over_told", "elements": ["ssn"] });
    let got = send(&house, &scene, CampaignKind::Correction, LIST, over).await;
    assert_eq!(got, ["less", "other"]);
    // Both were corrected, so the audience is empty.
    let rest = draft(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        json!({}),
    )
    .await;
    let refused = launch::submit(&house.app, scene.comms, rest).await;
    assert!(matches!(refused, Err(CampaignError::Nobody(count)) if count.people() == 0));
    let got = send(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    assert_eq!(got, ["new", "newer"]);
    // The text had a wrong sentence: the audience is every person who was told, including those no longer affected.
    let got = send(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        json!({ "who": "told" }),
    )
    .await;
    assert_eq!(
        got,
        ["gone", "less", "more", "new", "newer", "other", "same"]
    );
    let knows = "select count(*) from person_now where named <> case when standing = 'retracted' then 0 else exposed end";
    assert_eq!(house.number(knows).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_to_people_who_are_no_longer_affected_names_nothing() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(4, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let with_list = draft(&house, &scene, CampaignKind::Correction, LIST, json!({})).await;
    let Err(CampaignError::NotReady(review, _)) =
        launch::submit(&house.app, scene.comms, with_list).await
    else {
        panic!("a list for people of whom nothing was exposed")
    };
    assert_eq!(
        (
            review.unfillable[0].placeholder,
            review.unfillable[0].people
        ),
        ("elements", 3)
    );
    let good = draft(
        &house,
        &scene,
        CampaignKind::Correction,
        CORRECTION,
        json!({}),
    )
    .await;
    scene.launch(&house, good).await;
    house.mail.take_sent();
    house.send_all().await;
    let texts = house.mail.take_sent();
    assert_eq!(texts.len(), 3);
    let text = String::from_utf8(texts[0].raw.clone()).unwrap();
    assert!(
        text.contains("We were wrong") && !text.contains("Social Security"),
        "{text}"
    );
}

/// People of every kind: some told, some told wrongly. Two queries for the same audience are compared on them.
async fn mixed(house: &House, scene: &Scene) {
    let places = ["US-CA", "US-WA", "DE", ""];
    let locales = ["en", "en-US", "es", "zh-Hant"];
    let flags = ["", "minor", "hold", "minor;vulnerable"];
    let sets = ["name", "name;ssn", "phone", "name;phone;ssn"];
    let csv = |shift: usize, people: &dyn Fn(&usize) -> bool| {
        let mut csv = HEADER.to_owned();
        for n in (0..240).filter(people) {
            let email = if n % 11 == 0 {
                String::new()
            } else {
                format!("p{n}@example.org")
            };
            let (place, locale) = (places[n % 4], locales[n / 4 % 4]);
            let (flags, set) = (flags[n / 16 % 4], sets[(n / 3 + shift * (n % 5)) % 4]);
            writeln!(csv, "r{n},{email},Zz,{locale},{place},{set},{flags}").unwrap();
        }
        csv
    };
    scene.import(house, &csv(0, &|n| n % 7 != 0)).await;
    let some = json!({ "jurisdictions": ["us-ca", "de"] });
    let campaign = draft(house, scene, CampaignKind::Initial, LIST, some).await;
    let english = ["es", "zh"].map(str::to_owned).into();
    let hash = launch::submit_with(&house.app, scene.comms, campaign, &english)
        .await
        .unwrap();
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    scene.import(house, &csv(1, &|n| n % 9 != 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_count_and_classes_agree_with_the_rule_for_every_audience() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    mixed(&house, &scene).await;
    let mut conn = house.app.db.get().await.unwrap();
    let incident = candor::incident::store::find(&mut conn, scene.incident)
        .await
        .unwrap();
    let key = incident.key(&house.app.keys).unwrap().unwrap();
    let nobody = PersonId::from_uuid(uuid::Uuid::nil());
    let mut everybody = Vec::new();
    for bucket in 0..BUCKETS {
        let ids = house
            .raw()
            .await
            .query("select id from person where bucket = $1", &[&bucket])
            .await
            .unwrap();
        let ids: Vec<PersonId> = ids
            .iter()
            .map(|row| PersonId::from_uuid(row.get(0)))
            .collect();
        let place = (scene.incident, bucket);
        everybody.extend(
            person::store::load_many(&mut conn, &key, place, &ids)
                .await
                .unwrap(),
        );
    }
    let narrowed = [
        AudienceFilter::default(),
        AudienceFilter {
            jurisdictions: vec![Jurisdiction::parse("us").unwrap()],
            elements: ElementSet::of(&[Element::Ssn, Element::Phone]),
            ..AudienceFilter::default()
        },
        AudienceFilter {
            locales: vec![
                Locale::parse("en").unwrap(),
                Locale::parse("zh_hant").unwrap(),
            ],
            flags: Flags::MINOR,
            ..AudienceFilter::default()
        },
    ];
    let all = [
        Who::Everyone,
        Who::ToldNothing,
        Who::OwedMore,
        Who::OverTold,
        Who::RetractedAfterNotice,
        Who::WronglyTold,
        Who::Told,
    ];
    for (who, narrow) in all
        .iter()
        .flat_map(|who| narrowed.iter().map(move |n| (*who, n)))
    {
        let filter = AudienceFilter {
            who,
            ..narrow.clone()
        };
        let meant: BTreeMap<PersonId, &person::Person> = everybody
            .iter()
            .filter(|one| filter.covers(one))
            .map(|one| (one.id, one))
            .collect();
        let mut found = Vec::new();
        for bucket in 0..BUCKETS {
            let page = person::store::page_after(
                &mut conn,
                scene.incident,
                (bucket, nobody),
                &filter,
                1_000,
            );
            found.extend(page.await.unwrap());
        }
        let ids: BTreeSet<PersonId> = found.iter().map(|one| one.id).collect();
        assert_eq!(ids, meant.keys().copied().collect(), "{filter:?}");
        assert!(
            found
                .iter()
                .all(|one| one.exposed == meant[&one.id].exposed_now())
        );
        assert!(
            narrow != &narrowed[0] || !ids.is_empty(),
            "{who:?} is tried"
        );
        let count = person::store::count_audience(&mut conn, scene.incident, &filter)
            .await
            .unwrap();
        assert_eq!(count.people(), meant.len() as i64, "{filter:?}");
        let classes = person::store::audience_classes(&mut conn, scene.incident, &filter);
        let people: i64 = classes
            .await
            .unwrap()
            .iter()
            .map(|class| class.people)
            .sum();
        assert_eq!(people, count.mailable, "{filter:?}");
        let any = person::store::has_audience(&mut conn, scene.incident, &filter)
            .await
            .unwrap();
        assert_eq!(any, count.mailable > 0, "{filter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_an_unsettled_notice_elsewhere_are_left_out_and_counted() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(100, "name")).await;
    house.mail.answer_by(|letter| {
        let n: u32 = letter
            .recipient
            .local()
            .trim_start_matches("person")
            .parse()
            .unwrap();
        (n >= 14).then(|| Reply::heard(450, "4.2.1 The mailbox is busy", None))
    });
    let first = draft(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    scene.launch(&house, first).await;
    // The audience is complete: a list that came into force earlier would have voided the approval.
    house.freeze_all().await;
    house.send_all().await;
    // The share of deferred messages is so high that the breaker pauses the campaign.
    let paused =
        "select count(*) from campaign where status = 'paused' and status_reason is not null";
    let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while house.number(paused).await != 1 {
        assert!(
            tokio::time::Instant::now() < soon,
            "the breaker did not pause it"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let second = draft(&house, &scene, CampaignKind::Initial, LIST, json!({})).await;
    let refused = launch::submit(&house.app, scene.comms, second).await;
    let Err(CampaignError::Nobody(count)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((count.mailable, count.waiting_elsewhere), (0, 86));

    // The second campaign tells the newcomer. The 86 people wait for the first campaign, and get one notice each.
    scene.import(&house, &list(101, "name")).await;
    house.mail.answer_by(|_| None);
    house.mail.take_sent();
    scene.launch(&house, second).await;
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 1);
    campaign::hold::resume(&house.app, scene.comms, first)
        .await
        .unwrap();
    house.app.clock.advance(chrono::TimeDelta::hours(3));
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 86);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_languages_and_flags_are_normalised_and_an_empty_audience_is_refused() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    let mut csv = HEADER.to_owned();
    csv.push_str(
        "a,a@example.org,Zz,en_us,us-ca,name,minor\nb,b@example.org,Zz,EN-us,US-WA,name,\n",
    );
    scene.import(&house, &csv).await;
    let template = scene.template(&house, "T", LIST).await;
    let draft = |audience: Value| {
        let new = json!({ "incident": "sundmere", "template": template, "kind": "initial", "audience": audience });
        comms.post("/campaigns", &new)
    };
    let drafted =
        draft(json!({ "jurisdictions": ["us-ca"], "locales": ["en_US"], "flags": ["MINOR"] }));
    assert_eq!(drafted.status, 201, "{}", drafted.body);
    let seen = drafted.json();
    assert_eq!(seen["audience"]["jurisdictions"], json!(["US-CA"]));
    assert_eq!(seen["audience"]["locales"], json!(["en-US"]));
    assert_eq!(seen["audience"]["flags"], json!(["minor"]));
    let path = format!("/campaigns/{}", seen["id"].as_str().unwrap());
    let counted = comms.get(&format!("{path}/audience")).json();
    assert_eq!(
        (&counted["mailable"], &counted["waiting_elsewhere"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        comms.post(&format!("{path}/submit"), &json!({})).status,
        200
    );

    for (audience, why) in [
        (
            json!({ "jurisdictions": ["California"] }),
            "does not begin with a country code",
        ),
        (json!({ "locales": ["English"] }), "not a language tag"),
        (json!({ "flags": ["retract"] }), "stands in lists only"),
    ] {
        let refused = draft(audience);
        assert!(
            refused.status == 400 && refused.body.contains(why),
            "{}",
            refused.body
        );
    }
    let refused = draft(json!({ "who": "everyone" }));
    assert_eq!(
        (refused.status, &refused.json()["audiences"]),
        (422, &json!(["told_nothing"]))
    );
    let empty = draft(json!({ "jurisdictions": ["US-NY"] })).json();
    let path = format!("/campaigns/{}/submit", empty["id"].as_str().unwrap());
    let refused = comms.post(&path, &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.json()["audience"]["mailable"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_without_a_text_and_foreign_facts_are_acknowledged_by_name() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    let facts = [
        ("contact_phone", "555-0142"),
        ("what_happened", "Somebody broke in."),
        ("day", "2026-11-29"),
    ];
    let facts = facts
        .map(|(key, fact)| (key.to_owned(), fact.to_owned()))
        .into();
    candor::incident::steer::edit_facts(
        &house.app,
        scene.comms,
        scene.incident,
        2,
        "Theft",
        &facts,
    )
    .await
    .unwrap();
    let mut csv = HEADER.to_owned();
    for (n, locale) in ["en", "es", "es-MX", "fr", "fr-CA", "vi", "zh-Hant"]
        .iter()
        .enumerate()
    {
        writeln!(csv, "r{n},p{n}@example.org,Zz,{locale},US-WA,name,").unwrap();
    }
    scene.import(&house, &csv).await;
    let body = "{{ facts.what_happened }} {{ facts.contact_phone }} {{ facts.day }} {{ elements }}";
    let text = |subject: &str| Variant {
        subject: subject.to_owned(),
        body: body.to_owned(),
    };
    // No person in the audience reads German, so the German text needs no acknowledgement.
    let variants = Variants::from(["en", "es", "de"].map(|tag| (tag.to_owned(), text(tag))));
    let template = edit::create(&house.app, scene.comms, "T", &variants)
        .await
        .unwrap();
    let new = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
    let path = format!(
        "/campaigns/{}",
        comms.post("/campaigns", &new).json()["id"]
            .as_str()
            .unwrap()
    );
    let refused = comms.post(
        &format!("{path}/submit"),
        &json!({ "acknowledged": ["vi"] }),
    );
    assert_eq!(
        (refused.status, &refused.json()["type"]),
        (422, &json!("urn:candor:problem:not-ready"))
    );
    let asked: Vec<(String, i64)> = refused.json()["acknowledge"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["key"].as_str().unwrap().to_owned(),
                one["people"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [("fr", 2), ("zh", 1), ("es:what_happened", 2)];
    assert_eq!(
        asked,
        expected.map(|(key, people)| (key.to_owned(), people))
    );
    let said = json!({ "acknowledged": ["fr", "vi", "zh", "es:what_happened", "ko"] });
    let submitted = comms.post(&format!("{path}/submit"), &said);
    assert_eq!(submitted.status, 200, "{}", submitted.body);
    // Only the acknowledgements that were needed, each with the account that gave it, in the approved content.
    let seen = submitted.json();
    let kept = seen["acknowledged"].as_object().unwrap();
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        ["es:what_happened", "fr", "vi", "zh"]
    );
    let id: CampaignId = seen["id"].as_str().unwrap().parse().unwrap();
    let content = campaign::store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
        .content;
    assert!(content.unwrap().contains("\"fr\":\"stf_"));
    let readers = comms.get(&format!("{path}/audience")).json()["readers"].clone();
    assert_eq!(readers.as_array().unwrap().len(), 7);
    assert!(
        readers
            .as_array()
            .unwrap()
            .contains(&json!({ "locale": "fr-CA", "people": 1, "text": "en", "is_theirs": false }))
    );
}
