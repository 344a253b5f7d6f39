//! Signing in, the life of a session, and refused attempts.

use candor::actor::{Actor, System};
use candor::staff::StaffRole::{Admin, Agent};
use candor::staff::manage;
use candor::staff::password::{Cost, Password};
use candor::ticket::released;
use chrono::TimeDelta;

use crate::client::{PASSWORD, Site};
use crate::house::House;

const DOOR: &str = "/console/sign-in";

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_account_stays_signed_in_until_signing_out() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Agent]).await;
    let ana = site.browser();
    let seen = ana.sign_in("Ana@STAFF.example", PASSWORD);
    assert_eq!((seen.status, seen.header("location")), (303, "/console"));
    let cookie = seen.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = ana.cookie("candor_session").unwrap();
    assert_eq!(house.number("select count(*) from staff_session").await, 1);
    let seen = ana.submit(DOOR, "/console/sign-out", &[]);
    assert_eq!(seen.header("location"), "/console/sign-in?signed_out=1");
    assert_eq!(ana.cookie("candor_session"), None);
    assert!(ana.follow(&seen).body.contains("You are signed out."));
    assert_eq!(house.number("select count(*) from staff_session").await, 0);
    let acts =
        "select count(*) from audit_event where action in ('staff.sign_in', 'staff.sign_out')";
    assert_eq!(house.number(acts).await, 2);
    // The token is useless now, and was never in the database.
    let old = format!("candor_session={token}");
    let seen = site
        .browser()
        .post("/console/sign-out", &[], &[("cookie", &old)]);
    assert_eq!(seen.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failed_sign_in_gets_the_same_words() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Agent]).await;
    let gone = site.staff("gone", &[Agent]).await;
    released::disable(&house.app, Actor::System(System::Cli), gone.id)
        .await
        .unwrap();
    let wrongs = [
        ("ana@staff.example", "wrong password here"),
        ("ana@staff.example", ""),
        ("nobody@staff.example", PASSWORD),
        ("gone@staff.example", PASSWORD),
        ("not an address", PASSWORD),
    ];
    for (email, password) in wrongs {
        let browser = site.browser();
        let seen = browser.sign_in(email, password);
        assert_eq!(seen.status, 422, "{email}");
        assert!(
            seen.body
                .contains("The e-mail address or the password is not right."),
            "{email}"
        );
        assert!(seen.body.contains(email), "what was typed is kept");
        assert!(!seen.body.contains(PASSWORD));
        assert_eq!(browser.cookie("candor_session"), None);
    }
    assert_eq!(house.number("select count(*) from staff_session").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Agent]).await;
    let thief = site.browser();
    for _ in 0..10 {
        assert_eq!(
            thief.sign_in("ana@staff.example", "a guess of mine").status,
            422
        );
    }
    let seen = thief.sign_in("ana@staff.example", PASSWORD);
    assert_eq!((seen.status, seen.header("retry-after")), (429, "60"));
    house.app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(thief.sign_in("ana@staff.example", PASSWORD).status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_guesses_does_not_lock_out_a_known_browser() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    for name in ["ana", "bea"] {
        site.staff(name, &[Agent]).await;
    }
    let (hers, thief) = (site.browser(), site.browser());
    assert_eq!(hers.sign_in("ana@staff.example", PASSWORD).status, 303);
    hers.submit(DOOR, "/console/sign-out", &[]);
    let guess = |browser: &crate::client::Browser, email| browser.sign_in(email, "a guess").status;
    while guess(&thief, "ana@staff.example") == 422 {}
    let other = site.browser();
    assert_eq!(other.sign_in("ana@staff.example", PASSWORD).status, 429);
    assert_eq!(hers.sign_in("ana@staff.example", PASSWORD).status, 303);
    // Her browser is known for her account alone, and has no more attempts than others.
    while guess(&thief, "bea@staff.example") == 422 {}
    hers.submit(DOOR, "/console/sign-out", &[]);
    assert_eq!(guess(&hers, "bea@staff.example"), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_time_by_reset_and_by_disabling() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let by = Actor::System(System::Cli);
    let is_in = |browser: &crate::client::Browser| browser.get("/console").status == 200;
    let ana = site.signed_in("ana", &[Agent]).await;
    assert!(is_in(&ana));
    house
        .app
        .clock
        .advance(TimeDelta::hours(house.app.config.sessions.staff_hours));
    assert!(!is_in(&ana));

    let staff = site.staff("bea", &[Agent]).await;
    let bea = site.browser();
    bea.sign_in("bea@staff.example", PASSWORD);
    assert!(is_in(&bea));
    let hash = Password::generate().hash(Cost::LIGHT).await;
    manage::reset(&house.app, by, staff.id, &hash)
        .await
        .unwrap();
    assert!(!is_in(&bea));

    let staff = site.staff("cem", &[Admin]).await;
    let cem = site.browser();
    cem.sign_in("cem@staff.example", PASSWORD);
    assert!(is_in(&cem));
    released::disable(&house.app, by, staff.id).await.unwrap();
    assert!(!is_in(&cem));
    manage::enable(&house.app, by, staff.id).await.unwrap();
    assert!(!is_in(&cem));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_ours_is_refused() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let ana = site.signed_in("ana", &[Agent]).await;
    let bea = site.signed_in("bea", &[Agent]).await;
    let mine = ana.get(DOOR).csrf().to_owned();
    let theirs = bea.get(DOOR).csrf().to_owned();
    let strangers = site.browser().get(DOOR).csrf().to_owned();
    let out = "/console/sign-out";
    for wrong in ["", "junk", &theirs, &strangers] {
        let seen = ana.post(out, &[("csrf", wrong)], &[]);
        assert_eq!(seen.status, 403, "{wrong}");
        assert!(
            seen.body.contains("not sent from our page"),
            "{}",
            seen.body
        );
    }
    let foreign: [(&str, &str); 4] = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1.evil.example"),
    ];
    for header in foreign {
        assert_eq!(
            ana.post(out, &[("csrf", &mine)], &[header]).status,
            403,
            "{header:?}"
        );
    }
    for header in [("origin", site.url.as_str()), ("origin", "null")] {
        let fields = [
            ("csrf", strangers.as_str()),
            ("email", "x"),
            ("password", "x"),
        ];
        assert_eq!(
            site.browser().post(DOOR, &fields, &[header]).status,
            422,
            "{header:?}"
        );
    }
    assert_eq!(ana.post(out, &[("csrf", &mine)], &[]).status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_two_days_ago_is_too_old() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    let token = browser.get(DOOR).csrf().to_owned();
    let send = || {
        browser.post(
            DOOR,
            &[("csrf", &token), ("email", "x"), ("password", "x")],
            &[],
        )
    };
    house.app.clock.advance(TimeDelta::days(1));
    assert_eq!(send().status, 422);
    house.app.clock.advance(TimeDelta::days(1));
    assert_eq!(send().status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_typed_after_the_session_ended_is_given_back() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let words = "This long answer took me half an hour <to write>.";
    let seen = site
        .browser()
        .post("/console/tickets/x/messages", &[("text", words)], &[]);
    assert_eq!(seen.status, 401);
    let shown = words.replace('<', "&#60;").replace('>', "&#62;");
    assert!(seen.body.contains(&shown), "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_led_to_the_sign_in_page_and_back() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Agent]).await;
    let browser = site.browser();
    let fields = [("email", "ana@staff.example"), ("password", PASSWORD)];
    let to = |next: &'static str| [fields.as_slice(), &[("next", next)]].concat();
    let seen = browser.submit(DOOR, DOOR, &to("/console/tickets?status=open"));
    assert_eq!(seen.header("location"), "/console/tickets?status=open");
    let seen = browser.submit(DOOR, DOOR, &to("//evil.example"));
    assert_eq!(seen.header("location"), "/console");
}
