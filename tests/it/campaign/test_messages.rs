//! Tests of a campaign's text: relays send them to staff, they are marked, and no person counts as told.

use candor::campaign::error::TestError;
use candor::campaign::launch::CampaignError;
use candor::campaign::test_send::{self, Test};
use candor::campaign::{CampaignKind, Limits, UncertainPolicy, store};
use candor::campaign::{launch, store::NewCampaign};
use candor::element::{Element, ElementSet};
use candor::id::CampaignId;
use candor::mail::Letter;
use candor::mail::read::read;
use candor::staff::StaffRole::{Comms, Lead};
use candor::template::{Variant, Variants, edit};
use serde_json::json;

use crate::house::House;
use crate::html::{has, lacks};
use crate::people::{BODY, Scene, list};

/// A draft with an English and an Arabic text.
async fn drafted(house: &House, scene: &Scene) -> CampaignId {
    let text = |subject: &str| Variant {
        subject: subject.to_owned(),
        body: BODY.to_owned(),
    };
    let texts = Variants::from([
        ("en".to_owned(), text("Notice of data breach")),
        ("ar".to_owned(), text("إشعار")),
    ]);
    let template = edit::create(&house.app, scene.comms, "Both", &texts)
        .await
        .unwrap();
    let new = NewCampaign {
        incident: scene.incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: candor::campaign::Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

/// A message says in its language that it is a test.
fn is_marked(mail: &Letter) {
    let mail = read(&mail.raw);
    let html = mail.html.clone().unwrap();
    assert!(
        mail.header("Subject").starts_with("TEST: "),
        "{:?}",
        mail.headers
    );
    has(&mail.text, "/s/sample");
    has(&mail.text, "Alex Example");
    let line = match mail.header("Content-Language").as_str() {
        "ar" => "اختبار.",
        _ => "TEST. This message checks a text",
    };
    assert!(mail.text.starts_with(line), "{}", mail.text);
    has(&html, line);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_marked_goes_to_chosen_staff_and_tells_nobody() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name;ssn")).await;
    let id = drafted(&house, &scene).await;
    let comms = site.signed_in("Ana", &[Comms]).await;
    let cleo = site.staff("Cleo", &[Lead]).await.id.to_string();
    let page = format!("/console/campaigns/{id}/tests");
    let shown = comms.page(&page);
    has(&shown, "Ana (you)");
    has(&shown, "No test yet.");
    let before = house
        .number("select coalesce(sum(n), 0) from account_count")
        .await;
    let ana = house.raw().await;
    let ana = ana
        .query_one("select id from staff where name = 'Ana'", &[])
        .await
        .unwrap();
    let ana = candor::id::StaffId::from_uuid(ana.get(0)).to_string();
    let fields = [
        ("to", &*ana),
        ("to", &*cleo),
        ("locale", "en"),
        ("locale", "ar"),
    ];
    let sent = comms.follow(&comms.submit(&page, &page, &fields));
    has(&sent.body, "waits to be sent");
    house.send_all().await;
    let mails: Vec<_> = house.mail.sent();
    assert_eq!(mails.len(), 4);
    let mut readers: Vec<_> = mails
        .iter()
        .map(|mail| mail.recipient.as_str().to_owned())
        .collect();
    readers.sort();
    readers.dedup();
    assert_eq!(readers, ["ana@staff.example", "cleo@staff.example"]);
    mails.iter().for_each(is_marked);
    // No person on the list was told, and no notice exists.
    assert_eq!(house.number("select count(*) from notice").await, 0);
    let after = house
        .number("select coalesce(sum(n), 0) from account_count")
        .await;
    assert_eq!(before, after);
    let told = "select count(*) from person_since where standing = 'notified'";
    assert_eq!(house.number(told).await, 0);
    let shown = comms.page(&page);
    assert_eq!(shown.matches("a relay took it").count(), 4);
    let noted = format!(
        "select count(*) from audit_event where action = 'campaign.test' and detail like '%{cleo}%'"
    );
    assert_eq!(house.number(&noted).await, 1);
    let sample = site.browser().page("/s/sample");
    has(&sample, "This is a sample page");
    lacks(&sample, "Person 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_what_was_chosen_else_what_most_of_the_audience_lost() {
    let (house, scene, site) = Scene::open("").await;
    let csv = list(3, "name;ssn").replacen("name;ssn", "phone", 1);
    scene.import(&house, &csv).await;
    let id = drafted(&house, &scene).await;
    let comms = site.signed_in("Ana", &[Comms]).await;
    let page = format!("/console/campaigns/{id}/tests");
    let me = comms.page(&page);
    let me = me.split("name=\"to\" value=\"").nth(1).unwrap();
    let me = me.split('"').next().unwrap().to_owned();
    let fields = [("to", me.as_str()), ("locale", "en")];
    assert_eq!(comms.submit(&page, &page, &fields).status, 303);
    let ticked = [&fields[..], &[("element", "phone")]].concat();
    assert_eq!(comms.submit(&page, &page, &ticked).status, 303);
    house.send_all().await;
    let texts: Vec<_> = house
        .mail
        .sent()
        .iter()
        .map(|mail| read(&mail.raw).text)
        .collect();
    let ssn = Element::Ssn.words("en");
    let with = texts.iter().filter(|text| text.contains(ssn)).count();
    assert_eq!((texts.len(), with), (2, 1), "{texts:?}");
}

/// A test goes neither to a disabled account, nor in a language without a text, nor to more than 20 people.
async fn readers_and_texts_must_exist(house: &House, scene: &Scene, id: CampaignId) {
    let send = async |test: Test| {
        let sent = test_send::send(&house.app, scene.comms, id, &test).await;
        match sent {
            Err(CampaignError::Test(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let gone = house.staff(&["agent"]).await;
    let sql = format!(
        "update staff set disabled_at = now() where id = '{}'",
        gone.uuid()
    );
    house.sql(&sql).await;
    let to_gone = Test {
        to: vec![gone],
        ..Test::default()
    };
    assert_eq!(send(to_gone).await, TestError::NoAccount);
    let locales = vec!["tlh".to_owned()];
    assert_eq!(
        send(Test {
            locales,
            ..Test::default()
        })
        .await,
        TestError::NoText("tlh".to_owned())
    );
    let mut to = Vec::new();
    for _ in 0..21 {
        to.push(house.staff(&["agent"]).await);
    }
    assert!(matches!(
        send(Test {
            to,
            ..Test::default()
        })
        .await,
        TestError::TooMany(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_refused_without_a_reader_a_text_or_a_fact() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    readers_and_texts_must_exist(&house, &scene, id).await;
    let program = site.program(&[Comms]).await;
    let path = format!("/campaigns/{id}/tests");
    let no_mailbox = program.post(&path, &json!({}));
    assert_eq!(no_mailbox.status, 422);
    has(&no_mailbox.body, "your account has no e-mail address");
    let sent = program.post(&path, &json!({ "to": [scene.approver], "locales": ["en"] }));
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert_eq!(program.get(&path).json()["items"][0]["status"], "queued");
    let comms = site.signed_in("Ana", &[Comms]).await;
    let page = format!("/console/campaigns/{id}/tests");
    let refused = comms.submit(&page, &page, &[("locale", "en")]);
    assert_eq!(refused.status, 422);
    has(
        &refused.body,
        "Choose at least one person and one language.",
    );
    let kind = CampaignKind::Initial;
    let text = "Call {{ facts.hours }}. {{ elements }} {{ status_link }}";
    let template = scene.template(&house, "No fact", text).await;
    let mut new = candor::campaign::draft::as_draft(
        &store::find(&mut house.app.db.get().await.unwrap(), id)
            .await
            .unwrap(),
    );
    (new.template, new.kind) = (template, kind);
    let without = launch::create(&house.app, scene.comms, &new).await.unwrap();
    let refused = test_send::send(&house.app, scene.comms, without, &Test::default()).await;
    assert!(
        matches!(refused, Err(CampaignError::Text(_))),
        "{refused:?}"
    );
    assert_eq!(house.number("select count(*) from outbox").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_test_leaves_while_everything_is_stopped() {
    let (house, scene, _site) = Scene::open("").await;
    let id = drafted(&house, &scene).await;
    let elements = ElementSet::of(&[Element::Ssn]);
    let test = Test {
        elements,
        ..Test::default()
    };
    let by = candor::actor::Actor::Staff(scene.comms);
    candor::campaign::hold::stop_everything(&house.app, by)
        .await
        .unwrap();
    assert_eq!(
        test_send::send(&house.app, scene.comms, id, &test)
            .await
            .unwrap(),
        2
    );
    let routes = house.routes(1);
    let shutdown = candor::shutdown::Shutdown::new();
    candor::worker::start(&house.app, routes, &shutdown);
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    shutdown.leave();
    assert!(shutdown.wait(std::time::Duration::from_secs(20)).await);
    assert!(house.mail.sent().is_empty());
}
