//! Pages of a campaign that is being sent, is paused, or has ended.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_settings_stands_where_the_speed_does() {
    let settings =
        "[[mail.relays]]\nname = \"alpha\"\nurl = \"smtp://localhost:2525\"\nrate_per_second = 5\n";
    let (house, scene, site, campaign) = drafted(settings, 1, BODY).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let shown = page(&comms, campaign);
    // The approved content holds no settings: an operator may change them without a second person.
    has(
        &shown,
        "<dt>Speed at most</dt><dd>as fast as the relays take them</dd>",
    );
    has(
        &shown,
        "The settings allow now: relay alpha at most 5/s. They are not part of the approval.",
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
    assert!(!shown.contains("not part of the approval"), "{shown}");
    // One relay works, so the campaign continues; the page names the other one.
    has(
        &get(&comms, "/console").body,
        "Relay gamma is held until 12:34 UTC: our server is on a blocklist or has a bad reputation",
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
async fn the_batches_of_a_dead_sender_are_shown_with_the_time_at_which_they_continue() {
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
            .matches("Up to 3 notices are in batches of a sender that stopped: another sender takes them over at")
            .count(),
        2,
        "under the bar and next to the speed: {shown}"
    );
    has(&get(&comms, "/console").body, "sender that stopped");
    house
        .sql("update sender set began_at = now() - interval '1 hour'")
        .await;
    assert!(!page(&comms, campaign).contains("a sender that stopped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_campaign_is_shown_as_void_everywhere_once_its_list_was_replaced() {
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
        "Approval void: the list in force changed since it was submitted. Its audience was not complete at that time",
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
        ">554 5.7.1 Service unavailable; client host blocked (our server is on a blocklist or has a bad reputation)<",
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
    scene.approve(&house, campaign).await;
    let admin = site.signed_in("Lead", &[Comms, Admin]).await;
    let at = format!("/console/campaigns/{campaign}");
    let shown = get(&admin, &at).body;
    has(
        &shown,
        "whose present text is not public: contact_phone. Publish them first, so that page and notice agree.",
    );
    has(
        &shown,
        "Launch to 2 people although these facts are not public",
    );
    let to = format!("{at}/launch");
    let refused = tokio::task::block_in_place(|| admin.submit(&at, &to, &[]));
    assert_eq!(refused.status, 422, "{}", refused.body);
    has(&refused.body, "It was not launched: its texts quote facts");
    // The API asks for the confirmation only if the caller wants it.
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
        "Up to 3 unsent messages will never be sent.",
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
async fn a_missing_fact_stands_in_brackets_and_an_early_incident_says_what_comes_next() {
    let lacking = format!("{BODY}\n\nWhat happened: {{{{ facts.what_happened }}}}");
    let (house, scene, site, campaign) = drafted("", 2, &lacking).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let shown = page(&comms, campaign);
    has(&shown, "What happened: [what_happened]");
    has(&shown, "Missing facts are in brackets: what_happened.");
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
