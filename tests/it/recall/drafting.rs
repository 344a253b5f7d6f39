//! The campaign that writes to the people of a recall, and to no other person.

use candor::campaign::reference_list;
use candor::campaign::{self, CampaignKind, CampaignStatus, UncertainPolicy, hold};
use candor::id::{CampaignId, TemplateId};
use candor::mail::Reply;
use candor::recall::RecallStatus;
use candor::recall::draft::draft;
use candor::recall::steer::{self, RecallError, Seen};
use candor::staff::StaffRole::{Approver, Comms};
use serde_json::json;
use uuid::Uuid;

use super::{HEAD, go, launched, proposed, published, row, template, words};
use crate::client::Site;
use crate::house::House;
use crate::people::Scene;

/// R-0 may have been sent the wrong text, R-1 to R-4 were sent it, R-5 was sent the right one in Spanish, R-6 and R-7 were
/// sent another.
async fn scene() -> (House, Scene, Site, CampaignId) {
    let (house, scene, site) = Scene::open("").await;
    let mut list = HEAD.to_owned();
    for n in 0..8 {
        let language = if n == 5 { "es" } else { "en" };
        let place = if n < 6 { "US-WA" } else { "US-CA" };
        list += &row(&format!("R-{n}"), language, place);
    }
    scene.import(&house, &list).await;
    let texts = [
        ("en", "It happened on 5 May."),
        ("es", "Fue el 5 de junio."),
    ];
    let wrong = template(&house, &scene, "Wrong", &texts).await;
    let other = template(&house, &scene, "Other", &[("en", "It happened.")]).await;
    house.mail.answer_by(|letter| {
        let lost = letter
            .recipient
            .as_str()
            .eq_ignore_ascii_case("r-0@home.example");
        lost.then(|| Reply::Unknown {
            why: "the connection was lost".to_owned(),
        })
    });
    let leave = UncertainPolicy::Leave;
    let campaign = launched(&house, &scene, wrong, "US-WA", leave).await;
    launched(&house, &scene, other, "US-CA", leave).await;
    house.send_all().await;
    (house, scene, site, campaign.unwrap())
}

/// A template with the right text.
async fn right(house: &House, scene: &Scene) -> TemplateId {
    template(house, scene, "Right", &[("en", "It happened on 5 June.")]).await
}

/// The people that a statement finds.
async fn people(house: &House, sql: &str) -> Vec<Uuid> {
    let rows = house.raw().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_draft_goes_to_exactly_the_people_who_were_sent_the_text() {
    let (house, scene, _site, wrong) = scene().await;
    let (app, right) = (&house.app, right(&house, &scene).await);
    let id = published(&house, &scene, words("5 May")).await;
    let drafted = draft(app, scene.comms, id, (right, None)).await.unwrap();
    let mut conn = app.db.get().await.unwrap();
    let written = campaign::store::find(&mut conn, drafted).await.unwrap();
    drop(conn);
    assert_eq!(
        (written.kind, written.status, written.template_version),
        (CampaignKind::Correction, CampaignStatus::Draft, 1)
    );
    let name = written.name.as_str();
    assert!(
        name.starts_with("Correction of Initial notice of "),
        "{name}"
    );
    // The list is the one that staff get who type the same references.
    let typed = "R-1\nR-2\nR-3\nR-4";
    let typed = reference_list::add(app, scene.comms, scene.incident, typed).await;
    assert_eq!(written.audience.only_listed, Some(typed.unwrap().listed));
    let lists = "select count(*) from audit_event where action = 'audience.list'";
    assert_eq!(house.number(lists).await, 0, "it was there already");
    let event = format!(
        "select count(*) from audit_event where action = 'recall.draft' and detail like '%{drafted}%'"
    );
    assert_eq!(house.number(&event).await, 1);

    assert!(go(&house, &scene, drafted).await);
    house.send_all().await;
    let expected = format!(
        "select n.person_id from notice n join person p on p.id = n.person_id
        where n.campaign_id = '{}' and n.status = 'sent' and p.locale = 'en' order by 1",
        wrong.uuid()
    );
    let got = format!(
        "select person_id from notice where campaign_id = '{}' and status = 'sent' order by 1",
        drafted.uuid()
    );
    let got = people(&house, &got).await;
    assert_eq!(got.len(), 4);
    assert_eq!(got, people(&house, &expected).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_needs_a_published_recall_a_template_and_people_without_one() {
    let (house, scene, _site, _) = scene().await;
    let (app, right) = (&house.app, right(&house, &scene).await);
    let by = scene.comms;
    let id = proposed(&house, &scene, words("5 May")).await.unwrap();
    let early = draft(app, by, id, (right, None)).await;
    let proposed = RecallStatus::Proposed;
    assert!(
        matches!(early, Err(RecallError::NotPublished(is)) if is == proposed),
        "{early:?}"
    );
    steer::publish(app, scene.approver, Seen::at(id, Some(1)))
        .await
        .unwrap();
    let unknown = TemplateId::from_uuid(Uuid::nil());
    for texts in [(unknown, None), (right, Some(9))] {
        let end = draft(app, by, id, texts).await;
        assert!(matches!(end, Err(RecallError::Missing)), "{end:?}");
    }
    let kept = "select (select count(*) from reference_list) + (select count(*) from reference_list_entry)";
    assert_eq!(house.number(kept).await, 0);

    // Of two at once, one drafts, and the other is told of it.
    let (one, other) = tokio::join!(
        draft(app, by, id, (right, None)),
        draft(app, by, id, (right, None))
    );
    let (first, refused) = match (one, other) {
        (Ok(first), Err(refused)) | (Err(refused), Ok(first)) => (first, refused),
        both => panic!("{both:?}"),
    };
    let named = matches!(refused, RecallError::Drafted(named) if named == first);
    assert!(named, "{refused:?}");
    assert_eq!(house.number(kept).await, 1 + 4);
    hold::cancel(app, by, first).await.unwrap();
    draft(app, by, id, (right, None)).await.unwrap();
    assert_eq!(house.number(kept).await, 1 + 4, "the list is the same");

    steer::withdraw(app, by, Seen::at(id, None)).await.unwrap();
    let late = draft(app, by, id, (right, None)).await;
    let withdrawn = RecallStatus::Withdrawn;
    assert!(
        matches!(late, Err(RecallError::NotPublished(is)) if is == withdrawn),
        "{late:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_nobody_was_certainly_sent_has_no_draft() {
    let (house, scene, _site) = Scene::open("").await;
    let list = format!("{HEAD}{}", row("R-1", "en", "US-WA"));
    scene.import(&house, &list).await;
    let texts = [("en", "It happened on 5 May.")];
    let wrong = template(&house, &scene, "Wrong", &texts).await;
    let doubt = Reply::Unknown {
        why: "the connection was lost".to_owned(),
    };
    house.mail.answer_next([doubt]);
    launched(&house, &scene, wrong, "US-WA", UncertainPolicy::Leave).await;
    house.send_all().await;
    let id = published(&house, &scene, words("5 May")).await;
    let end = draft(&house.app, scene.comms, id, (wrong, None)).await;
    assert!(matches!(end, Err(RecallError::Nobody)), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_api_draft_it() {
    let (house, scene, site, _) = scene().await;
    let right = right(&house, &scene).await.to_string();
    let id = published(&house, &scene, words("5 May")).await;
    let page = format!("/console/recalls/{id}");
    let button = "Draft the correcting campaign";
    let approver = site.signed_in("ada", &[Approver]).await;
    assert!(!approver.page(&page).contains(button));
    let comms = site.signed_in("cleo", &[Comms]).await;
    assert!(comms.page(&page).contains(button));
    let to = format!("{page}/draft");
    let refused = comms.submit(&page, &to, &[("template", "")]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    let why = "Choose a template: a campaign sends its texts.";
    assert!(refused.body.contains(why), "{}", refused.body);
    let done = comms.submit(&page, &to, &[("template", &right)]);
    let first = done.goal();
    let seen = comms.follow(&done).body;
    assert!(seen.contains("The campaign is drafted."), "{seen}");
    let first = first.rsplit('/').next().unwrap();
    let shown = comms.page(&page);
    let line = format!("drafted the correcting campaign: {first}");
    assert!(shown.contains(&line), "{shown}");
    let again = comms.submit(&page, &to, &[("template", &right)]);
    assert_eq!(again.status, 422, "{}", again.body);
    let why = format!("The correction {first} has the list of exactly these people");
    assert!(again.body.contains(&why), "{}", again.body);

    let program = site.program(&[Comms]).await;
    let at = format!("/recalls/{id}/draft");
    let again = program.post(&at, &json!({ "template": right }));
    assert_eq!(
        (again.status, again.json()["campaign"].clone()),
        (409, first.into())
    );
    let first = first.parse::<CampaignId>().unwrap();
    hold::cancel(&house.app, scene.comms, first).await.unwrap();
    let made = program.post(&at, &json!({ "template": right }));
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!(made["kind"], "correction");
    assert_eq!(made["audience"]["who"], "told");
    assert_eq!(made["audience"]["only_listed"]["references"], 4);
    let unknown = json!({ "template": TemplateId::from_uuid(Uuid::nil()) });
    assert_eq!(program.post(&at, &unknown).status, 404);
}
