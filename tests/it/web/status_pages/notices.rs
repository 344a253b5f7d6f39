//! What a status page says of notices, follow-ups and callers.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_the_channel_by_which_they_were_told() {
    let rows = row("R-1", "", "name", "") + &row("R-2", "bo@home.example", "name", "protected");
    let (house, site, scene) = open(&rows).await;
    let named = ElementSet::from_iter([Element::Name]);
    for (reference, by, says) in [
        ("R-1", ToldBy::Post, "We wrote to you by post."),
        (
            "R-2",
            ToldBy::Otherwise,
            "We told you about this, neither by e-mail nor by post.",
        ),
    ] {
        let (id, page) = scene.status_page(&house, reference).await;
        let told = Settled {
            person: id,
            became: Became::Told {
                address: None,
                by,
                named,
                replaces: false,
            },
        };
        let mut conn = house.app.db.begin().await.unwrap();
        account::store::settle(&mut conn, scene.incident, id.bucket(), &[told])
            .await
            .unwrap();
        conn.commit().await.unwrap();
        let seen = site.browser().get(&page).body;
        assert!(
            seen.contains(says) && seen.contains("This notice is genuine"),
            "{seen}"
        );
        assert!(!seen.contains("We have not written to you"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_may_have_arrived_is_genuine_and_one_that_never_left_is_unknown() {
    let rows =
        row("R-1", "ann@home.example", "name", "") + &row("R-2", "bo@home.example", "name", "hold");
    let (house, site, scene) = open(&rows).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let doubt = Reply::Unknown {
        why: "the connection was lost".to_owned(),
    };
    house.mail.answer_next([doubt]);
    house.send_all().await;
    let browser = site.browser();
    let check = async |reference: &str| {
        let (id, page) = scene.status_page(&house, reference).await;
        let raw = house.raw().await;
        let of = "select id from notice where person_id = $1";
        let notice: uuid::Uuid = raw.query_one(of, &[&id.uuid()]).await.unwrap().get(0);
        let code = NoticeCode::of(NoticeId::from_uuid(notice), &house.app.keys).to_string();
        let checked = browser.submit("/verify", "/verify", &[("code", &code)]);
        (checked.body.replace(&code, ""), browser.get(&page).body)
    };
    let (verify, page) = check("R-1").await;
    assert!(verify.contains("Yes, it is genuine") && verify.contains("no proof that it arrived"));
    assert!(page.contains("cannot tell whether it arrived"), "{page}");

    house
        .mail
        .answer_next([Reply::heard(550, "5.1.1 no such user", None)]);
    house.app.clock.advance(TimeDelta::minutes(2));
    house.send_all().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'bounced'")
            .await,
        1
    );
    let (verify, page) = check("R-1").await;
    assert!(
        verify.contains("Yes, it is genuine"),
        "it may have arrived at the first try"
    );
    assert!(page.contains("cannot tell whether it arrived"));

    // Withheld: it never left. A forged code gives the same page.
    let (withheld, _) = check("R-2").await;
    assert!(withheld.contains("We do not recognise this code"));
    let forged = browser.submit("/verify", "/verify", &[("code", "0000-0000-00")]);
    let same = |page: &str, code: &str| page.replace(&browser_token(page), "").replace(code, "");
    assert_eq!(same(&withheld, ""), same(&forged.body, "0000-0000-00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_window_the_page_offers_a_follow_up_and_both_are_connected() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name", "")).await;
    let (ann, page) = scene.status_page(&house, "R-1").await;
    let asked = intake::ask(&house.app, scene.incident, ann, "", "Hello?").await;
    let asked = asked.unwrap().ticket().clone();
    let agent = house.staff(&["agent"]).await;
    let seen = agent::Seen::of(&asked);
    agent::reply(&house.app, agent, asked.id, seen, "Hello.", &Then::solved())
        .await
        .unwrap();
    let (browser, mine) = (site.browser(), format!("{page}/tickets/{}", asked.number));
    unlock(&house, &browser, &page).await;
    assert!(browser.get(&mine).body.contains("This did not help"));

    house.app.clock.advance(TimeDelta::days(15));
    unlock(&house, &browser, &page).await;
    let seen = browser.get(&mine).body;
    assert!(
        !seen.contains("reopens") && !seen.contains("This did not help"),
        "{seen}"
    );
    assert!(!seen.contains("tell us if this did not help"));
    assert!(seen.contains("Ask a follow-up question"));
    let typed = [("text", "It is still open.")];
    let sent = browser.submit(&mine, &format!("{mine}/messages"), &typed);
    let next = sent.header("location").to_owned();
    assert_ne!(next, mine);
    let seen = browser.follow(&sent).body;
    assert!(
        seen.contains(&format!("Question {}", asked.number)),
        "{seen}"
    );
    assert!(!seen.contains("We are late"));
    let number = next.rsplit('/').next().unwrap();
    assert!(
        browser
            .get(&mine)
            .body
            .contains(&format!("Question {number}"))
    );
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let seen = ben.get(&format!("/console/tickets/{number}")).body;
    assert!(seen.contains("Connected with") && seen.contains(asked.number.as_str()));
    assert!(!seen.contains("overdue"));

    // A promise in the past is not repeated.
    house.app.clock.advance(TimeDelta::days(3));
    unlock(&house, &browser, &page).await;
    assert!(
        browser
            .get(&next)
            .body
            .contains("We are late, and we are sorry.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_found_in_two_incidents_is_logged_under_the_one_they_call_about() {
    let (house, site, scene) = open(&row("R-1", "ann@home.example", "name", "")).await;
    let facts = candor::incident::Facts::new();
    let second =
        candor::incident::steer::open(&house.app, scene.comms, "second", "Second theft", &facts)
            .await
            .unwrap()
            .id;
    let other = Scene {
        incident: second,
        ..scene
    };
    other
        .import(
            &house,
            &list(1, "name").replace("person0@example.org", "ann@home.example"),
        )
        .await;
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let form = "/console/helpline/call";
    let call = |reference: &str, incident: &str| {
        let fields = [
            ("reference", reference),
            ("incident", incident),
            ("text", "They ask what happened."),
            ("then", "open"),
        ];
        ben.submit(form, form, &fields)
    };
    let several = call("ann@home.example", "");
    assert_eq!(several.status, 422);
    assert!(
        several.body.contains("found in several incidents"),
        "{}",
        several.body
    );
    assert!(
        several.body.contains("Second theft") && several.body.contains("They ask what happened.")
    );
    for incident in [scene.incident, second] {
        let logged = call("ann@home.example", &incident.to_string());
        assert_eq!(logged.status, 303, "{}", logged.body);
        let of = format!(
            "select count(*) from ticket where incident_id = '{}' and person_id is not null",
            incident.uuid()
        );
        assert_eq!(house.number(&of).await, 1);
    }
    // Found in one incident only, no choice is needed; found in none, one is.
    assert_eq!(call("R-1", "").status, 303);
    let unknown = call("", "");
    assert_eq!(unknown.status, 422);
    assert!(
        unknown
            .body
            .contains("Choose the incident that the call is about")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_where_an_answer_went() {
    let (house, site, scene) = open(&row("R-1", "", "name", "")).await;
    let (ann, _) = scene.status_page(&house, "R-1").await;
    intake::ask(&house.app, scene.incident, ann, "", "Hello?")
        .await
        .unwrap();
    let ben = site.signed_in("ben", &[StaffRole::Agent]).await;
    let taken = ben.submit("/console/helpline", "/console/helpline/next", &[]);
    let seen = ben.answer(taken.header("location"));
    assert!(
        seen.contains(
            "where nobody but staff can read it: no e-mail address of theirs may be used"
        ),
        "{seen}"
    );
    assert!(!seen.contains("on its way"));
    let fields = [("text", "They did not say who they are."), ("then", "open")];
    let logged = ben.submit("/console/helpline/call", "/console/helpline/call", &fields);
    let ticket = logged.goal();
    let seen = ben.answer(&ticket);
    assert!(
        seen.contains("No person is connected to it, so that nothing is sent"),
        "{seen}"
    );
}
