//! What fresh eyes found on the pages of campaigns: each page says what is so, of whom, and until when.

use candor::actor::Actor;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, NewCampaign};
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, hold};
use candor::id::CampaignId;
use candor::incident::{Facts, steer};
use candor::mail::Reply;
use candor::staff::StaffRole::{Admin, Approver, Comms};
use serde_json::json;

use crate::client::{Browser, Seen, Site};
use crate::house::House;
use crate::people::{BODY, Scene, list, list_of_three_without_phones, submitted};

/// A house with a scene, and a browser of its comms lead.
async fn set(settings: &str) -> (House, Scene, Site) {
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    (house, scene, site)
}

/// The same with `people` on the list, and a first notice to them with this text.
async fn drafted(settings: &str, people: usize, body: &str) -> (House, Scene, Site, CampaignId) {
    let (house, scene, site) = set(settings).await;
    scene.import(&house, &list(people, "name")).await;
    let (kind, all) = (CampaignKind::Initial, Audience::default());
    let campaign = draft(&house, &scene, kind, body, all).await;
    (house, scene, site, campaign)
}

async fn draft(
    house: &House,
    scene: &Scene,
    kind: CampaignKind,
    body: &str,
    audience: Audience,
) -> CampaignId {
    let name = format!("F{}", house.number("select count(*) from template").await);
    let new = NewCampaign {
        incident: scene.incident,
        template: scene.template(house, &name, body).await,
        template_version: 1,
        kind,
        audience,
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Leave,
    };
    launch::create(&house.app, scene.comms, &new).await.unwrap()
}

fn get(browser: &Browser, path: &str) -> Seen {
    tokio::task::block_in_place(|| browser.get(path))
}

fn page(browser: &Browser, campaign: CampaignId) -> String {
    get(browser, &format!("/console/campaigns/{campaign}")).body
}

#[track_caller]
fn has(page: &str, words: &str) {
    assert!(page.contains(words), "“{words}” is not in {page}");
}

/// Two people told too much, two who are not affected any more, one told rightly.
async fn told_wrongly(house: &House, scene: &Scene) {
    scene.import(house, &list(5, "name;phone")).await;
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    house.mail.take_sent();
    let second = list_of_three_without_phones();
    scene.import(house, &second).await;
}

const SORRY: &str =
    "Dear {{ name }}, we are sorry.{{#if has.any}} Taken: {{ elements }}.{{/if}} {{ status_link }}";

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_correction_that_does_not_say_what_was_wrong_is_acknowledged_with_its_number() {
    let (house, scene, site) = set("").await;
    told_wrongly(&house, &scene).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let (correction, told) = (CampaignKind::Correction, Audience::default());
    let sorry = draft(&house, &scene, correction, SORRY, told.clone()).await;
    let keys = match launch::submit(&house.app, scene.comms, sorry).await {
        Err(CampaignError::NotReady(review, _)) => review.acknowledge,
        other => panic!("{other:?}"),
    };
    let keys: Vec<_> = keys
        .iter()
        .map(|one| (one.key.as_str(), one.people))
        .collect();
    assert_eq!(keys, [("en:told-wrongly=4", 4), ("en:not-affected=2", 2)]);
    let shown = page(&comms, sorry);
    has(
        &shown,
        "4 people were told of something that is not theirs, and the text “en” does not say of what.",
    );
    has(
        &shown,
        "2 people are not affected any more, and the text “en” has no words for that",
    );
    // A yes to another number is none.
    let other = [
        "en:told-wrongly=3".to_owned(),
        "en:not-affected=2".to_owned(),
    ];
    let refused = launch::submit_with(&house.app, scene.comms, sorry, &other.into()).await;
    assert!(
        matches!(refused, Err(CampaignError::NotReady(..))),
        "{refused:?}"
    );
    submitted(&house.app, scene.comms, sorry).await.unwrap();
    // The approver reads what somebody gets who is not affected any more.
    let approver = site.signed_in("Approver", &[Approver]).await;
    let shown = page(&approver, sorry);
    has(
        &shown,
        "The words, as somebody gets them who is not affected any more",
    );
    has(&shown, "4 people were told of something that is not theirs");
    has(&shown, "Acknowledged by");

    // A text that says both needs no acknowledgement, and each person reads their part.
    let right = "Dear {{ name }}, this was not taken: {{ told_wrongly }}.\n\n{{#if has.any}}\nTaken: {{ elements }}.\n{{/if}}\n\n\
        {{#if has.none}}\nNothing of yours was taken after all.\n{{/if}}\n\n{{ status_link }}";
    let right = draft(&house, &scene, correction, right, told).await;
    let hash = launch::submit(&house.app, scene.comms, right)
        .await
        .unwrap();
    let shown = page(&approver, right);
    let (_, retracted) = shown.split_once("id=\"not-affected\"").unwrap();
    let (retracted, sample) = retracted.split_once("</section>").unwrap();
    has(retracted, "Nothing of yours was taken after all.");
    assert!(!sample.contains("Nothing of yours was taken"), "{sample}");
    launch::approve(&house.app, scene.approver, right, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, right)
        .await
        .unwrap();
    house.send_all().await;
    let texts: Vec<_> = house
        .mail
        .take_sent()
        .iter()
        .map(|one| candor::mail::read::read(&one.raw).text)
        .collect();
    assert_eq!(texts.len(), 4);
    let after_all = |text: &&String| text.contains("Nothing of yours was taken after all");
    assert_eq!(texts.iter().filter(after_all).count(), 2);
    assert!(
        texts
            .iter()
            .all(|text| text.contains("this was not taken:"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_that_may_have_been_told_is_named_so_wherever_it_is_shown() {
    let (house, scene, site, first) = drafted("", 2, BODY).await;
    lose_all(&house, &scene, first).await;
    let (comms, approver) = (
        site.signed_in("Comms", &[Comms]).await,
        site.signed_in("Approver", &[Approver]).await,
    );
    has(
        &get(&comms, "/console").body,
        "2 notices were left uncertain, and their people were not told since",
    );
    let maybe = Audience {
        may_have_been_told: true,
        ..Audience::default()
    };
    let again = draft(&house, &scene, CampaignKind::Initial, BODY, maybe).await;
    let hash = launch::submit(&house.app, scene.comms, again)
        .await
        .unwrap();
    let shown = page(&approver, again);
    has(
        &shown,
        "to whom an earlier notice was left uncertain: each may get this a second time",
    );
    has(
        &shown,
        "An earlier notice to each of them was left uncertain: they may read it twice.",
    );
    has(
        &get(&comms, "/console/campaigns").body,
        "each may get this a second time",
    );
    launch::approve(&house.app, scene.approver, again, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, again)
        .await
        .unwrap();
    house.send_all().await;
    has(
        &page(&comms, again),
        "<b>2</b> messages that were sent here may be a second notice to their people",
    );
    // Once they are told nothing about the uncertain notices waits for anybody.
    let shown = get(&comms, "/console").body;
    assert!(!shown.contains("left uncertain"), "{shown}");
}

/// Sends a campaign of which every message is lost on its way.
async fn lose_all(house: &House, scene: &Scene, campaign: CampaignId) {
    let lost = |_: &candor::mail::Letter| {
        Some(Reply::Unknown {
            why: "the connection was lost".to_owned(),
        })
    };
    house.mail.answer_by(lost);
    scene.launch(house, campaign).await;
    house.send_all().await;
    house.mail.answer_by(|_| None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_notice_waits_for_nobody_once_its_people_know_what_is_theirs() {
    let (house, scene, site) = set("").await;
    scene.import(&house, &list(2, "name;phone")).await;
    let (kind, all) = (CampaignKind::Initial, Audience::default());
    let first = draft(&house, &scene, kind, BODY, all).await;
    lose_all(&house, &scene, first).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let board = || get(&comms, "/console").body;
    has(
        &board(),
        "2 notices were left uncertain, and their people were not told since",
    );
    // The phone number was not taken after all, and they are told of their name.
    scene.import(&house, &list(2, "name")).await;
    has(&board(), "2 notices were left uncertain");
    let maybe = Audience {
        may_have_been_told: true,
        ..Audience::default()
    };
    let again = draft(&house, &scene, CampaignKind::Initial, BODY, maybe).await;
    scene.launch(&house, again).await;
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 2);
    assert!(!board().contains("left uncertain"), "{}", board());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_does_not_wait_for_the_count_of_uncertain_notices() {
    let (house, scene, site, campaign) = drafted("", 2, BODY).await;
    lose_all(&house, &scene, campaign).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let raw = house.raw().await;
    raw.batch_execute("begin; lock table outcome in access exclusive mode")
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    let shown = get(&comms, "/console");
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
    has(
        &shown.body,
        "2 notices were left uncertain: each may have arrived. People who were told since are counted, too.",
    );
    // What comes after it on the page is read all the same.
    has(&shown.body, "Everyone accounted for");
    raw.batch_execute("commit").await.unwrap();
    has(
        &get(&comms, "/console").body,
        "2 notices were left uncertain, and their people were not told since",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_settings_stands_where_the_speed_does() {
    let settings =
        "[[mail.relays]]\nname = \"alpha\"\nurl = \"smtp://localhost:2525\"\nrate_per_second = 5\n";
    let (house, scene, site, campaign) = drafted(settings, 1, BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let shown = page(&comms, campaign);
    // What is approved says nothing of the settings: an operator changes them without a second person.
    has(
        &shown,
        "<dt>Speed at most</dt><dd>as fast as the relays take them</dd>",
    );
    has(
        &shown,
        "The settings allow now: relay alpha at most 5/s. They are no part of what is approved.",
    );
    scene.launch(&house, campaign).await;
    let relays = json!([
        { "name": "beta", "connections": 1, "held_until": null, "why": null, "per_second": 7 },
        { "name": "gamma", "connections": 0, "held_until": "2999-01-01T12:34:56Z", "why": "blocked", "per_second": 0 },
    ]);
    house
        .sql(&format!(
            "insert into sender (id, node, seen_at, relays, campaigns) \
             values (gen_random_uuid(), 'n', now() + interval '1 hour', '{relays}', '{{}}')"
        ))
        .await;
    let shown = page(&comms, campaign);
    has(
        &shown,
        "As fast as the relays take them and the settings allow: relay beta at most 7/s.",
    );
    assert!(!shown.contains("no part of what is approved"), "{shown}");
    // One relay works, so the campaign goes on; the other is named all the same.
    has(
        &get(&comms, "/console").body,
        "Relay gamma is held until 12:34 UTC: our machine is on a blocklist",
    );
    let all = relays
        .to_string()
        .replacen(
            "\"held_until\":null",
            "\"held_until\":\"2999-01-01T12:34:59Z\"",
            1,
        )
        .replacen("\"why\":null", "\"why\":\"it is away\"", 1);
    house
        .sql(&format!("update sender set relays = '{all}'"))
        .await;
    has(
        &page(&comms, campaign),
        "Held until 12:34:56 UTC: relay gamma, blocked; relay beta, it is away, until 12:34:59.",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_sender_has_is_said_with_the_time_at_which_it_goes_on() {
    let (house, scene, site, campaign) = drafted("", 3, BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    scene.launch(&house, campaign).await;
    house.freeze_all().await;
    let lease = house.app.config.mail.lease_seconds;
    // Another sender of the node began after the lease was last renewed.
    house
        .sql(&format!(
            "update batch set status = 'leased', leased_by = 'n', lease_until = now() + {lease} * interval '1 second' - interval '9 seconds'; \
             insert into sender (id, node, seen_at, relays, campaigns) values (gen_random_uuid(), 'n', now() + interval '1 hour', \
                 '[{{\"name\": \"a\", \"connections\": 0, \"held_until\": null, \"why\": null}}]', '{{}}')"
        ))
        .await;
    let shown = page(&comms, campaign);
    assert_eq!(
        shown
            .matches("Up to 3 notices are in batches of a sender that fell silent: they go on at")
            .count(),
        2,
        "under the bar and beside the speed: {shown}"
    );
    has(&get(&comms, "/console").body, "sender that fell silent");
    house
        .sql("update sender set began_at = now() - interval '1 hour'")
        .await;
    assert!(!page(&comms, campaign).contains("fell silent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_campaign_whose_list_was_replaced_is_void_everywhere() {
    let (house, scene, site, campaign) = drafted("", 3, BODY).await;
    scene.launch(&house, campaign).await;
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, campaign, Some("lunch"))
        .await
        .unwrap();
    let comms = site.signed_in("Comms", &[Comms]).await;
    assert!(!page(&comms, campaign).contains("Approval void"));
    scene.import(&house, &list(4, "name")).await;
    let shown = page(&comms, campaign);
    has(
        &shown,
        "Approval void: the list in force changed since it was submitted. Its audience was not complete by then",
    );
    has(&shown, "The list changed before its audience was complete.");
    assert!(
        !shown.contains(&format!("/console/campaigns/{campaign}/resume")),
        "{shown}"
    );
    has(
        &get(&comms, "/console").body,
        "is paused and cannot be resumed",
    );
    let program = site.program(&[Comms]).await;
    let seen =
        tokio::task::block_in_place(|| program.get(&format!("/campaigns/{campaign}")).json());
    assert_eq!(
        seen["approval"],
        json!({ "valid": false, "changed": ["scope"] })
    );
    assert_eq!(seen["next"], json!(["cancelled"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_are_quoted_once_and_a_later_try_has_its_time() {
    let (house, scene, site, campaign) = drafted("", 2, BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    house.mail.answer_by(|letter| {
        Some(match letter.recipient.local() {
            "person0" => Reply::heard(554, "5.7.1 Service unavailable; client host blocked", None),
            _ => Reply::heard(450, "4.3.0 Error: command failed", None),
        })
    });
    scene.launch(&house, campaign).await;
    house.send_all().await;
    let shown = get(
        &comms,
        &format!("/console/campaigns/{campaign}/notices?status=deferred"),
    )
    .body;
    has(
        &shown,
        ">554 5.7.1 Service unavailable; client host blocked (our machine is on a blocklist or of bad repute)<",
    );
    has(&shown, ">450 4.3.0 Error: command failed<");
    assert_eq!(shown.matches("next try").count(), 2, "{shown}");
    let notice: String = house
        .raw()
        .await
        .query_one("select id::text from notice limit 1", &[])
        .await
        .unwrap()
        .get(0);
    let id = candor::id::NoticeId::from_uuid(notice.parse().unwrap());
    has(
        &get(&comms, &format!("/console/notices/{id}")).body,
        "Next try, UTC",
    );
    house
        .sql(
            "insert into sender (id, node, seen_at, relays, campaigns) values (gen_random_uuid(), 'n', now() + interval '1 hour', \
             '[{\"name\": \"a\", \"connections\": 0, \"held_until\": null, \"why\": null}]', '{}')",
        )
        .await;
    has(
        &page(&comms, campaign),
        "2 to be tried again later, the next at ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_repeats_that_page_and_notice_disagree_and_wants_a_yes() {
    let quoting = format!("{BODY}\n\nCall us: {{{{ facts.contact_phone }}}}");
    let (house, scene, site, campaign) = drafted("", 2, &quoting).await;
    let hash = launch::submit(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    let admin = site.signed_in("Lead", &[Comms, Admin]).await;
    let at = format!("/console/campaigns/{campaign}");
    let shown = get(&admin, &at).body;
    has(
        &shown,
        "does not show as they are now: contact_phone. Publish them first, so that page and notice agree.",
    );
    has(
        &shown,
        "Launch to 2 people although these facts are not public",
    );
    let to = format!("{at}/launch");
    let refused = tokio::task::block_in_place(|| admin.submit(&at, &to, &[]));
    assert_eq!(refused.status, 422, "{}", refused.body);
    has(&refused.body, "It was not launched: its texts quote facts");
    // A program is not asked, unless it wants to be.
    let program = site.program(&[Comms]).await;
    let refused = tokio::task::block_in_place(|| {
        let to = format!("/campaigns/{campaign}/launch");
        program.post(&to, &json!({ "agreed": false }))
    });
    assert_eq!(
        (refused.status, &refused.json()["unpublished"]),
        (409, &json!(["contact_phone"])),
        "{}",
        refused.body
    );
    let noted = "select count(*) from audit_event where action = 'campaign.launch' \
        and detail::jsonb -> 'unpublished' = '[\"contact_phone\"]'";
    assert_eq!(house.number(noted).await, 0);
    let done = tokio::task::block_in_place(|| admin.submit(&at, &to, &[("agreed", "yes")]));
    assert_eq!(done.status, 303, "{}", done.body);
    let status = store::find(&mut house.app.db.get().await.unwrap(), campaign)
        .await
        .unwrap()
        .status;
    assert_eq!(status.as_str(), "sending");
    assert_eq!(house.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_of_one_name_are_told_apart_and_a_cancelled_one_says_how_many_it_left() {
    let (house, scene, site, campaign) = drafted("", 3, BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    has(
        &page(&comms, campaign),
        "It is never sent. This cannot be taken back.",
    );
    scene.launch(&house, campaign).await;
    house.freeze_all().await;
    has(
        &page(&comms, campaign),
        "Up to 3 messages that have not left yet never will.",
    );
    for path in ["/console/campaigns", "/console/incidents/sundmere"] {
        let shown = get(&comms, path).body;
        has(&shown, "<p class=\"small soft\">no. 1, initial, launched ");
        has(&shown, " UTC, to people who were told nothing so far");
    }
    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    let shown = page(&comms, campaign);
    has(&shown, "3 cancelled");
    assert!(!shown.contains("% done"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_fact_stands_in_brackets_and_an_early_incident_leads_on() {
    let lacking = format!("{BODY}\n\nWhat happened: {{{{ facts.what_happened }}}}");
    let (house, scene, site, campaign) = drafted("", 2, &lacking).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let shown = page(&comms, campaign);
    has(&shown, "What happened: [what_happened]");
    has(
        &shown,
        "Facts that are missing stand in brackets: what_happened.",
    );
    assert!(!shown.contains("{{ name }}"), "{shown}");
    assert!(
        !get(&comms, "/console")
            .body
            .contains("the incident is still confirmed")
    );
    let incident =
        candor::incident::store::find(&mut house.app.db.get().await.unwrap(), scene.incident)
            .await
            .unwrap();
    let facts = Facts::from([("what_happened".to_owned(), "Theft.".to_owned())]);
    steer::edit_facts(
        &house.app,
        scene.comms,
        scene.incident,
        incident.version,
        "Theft of data",
        &facts,
    )
    .await
    .unwrap();
    scene.launch(&house, campaign).await;
    house.send_all().await;
    has(
        &get(&comms, "/console").body,
        "2 people are told, and the incident is still confirmed.",
    );
}
