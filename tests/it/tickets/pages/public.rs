//! Pages that need no link: checking a notice, finding an incident, calls.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_checked_by_its_code_and_a_slip_is_told_from_a_fake() {
    let (house, site, scene) = open("", 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let code = between(&notice.text, "Code: ", "\n").trim().to_owned();
    let browser = site.browser();
    let check = |code: &str| browser.submit("/verify", "/verify", &[("code", code)]);
    let genuine = check(&code.to_lowercase().replace('-', " "));
    assert!(genuine.body.contains("Yes, it is genuine") && genuine.body.contains("Theft of data"));
    assert!(genuine.body.contains("Monday 23 November 2026"));
    let unknown = check("0000-0000-00");
    assert!(unknown.body.contains("do not recognise") && !unknown.body.contains("mistyped"));
    let slip = format!(
        "{}{}",
        &code[..11],
        if code.ends_with('0') { '1' } else { '0' }
    );
    for slip in [slip.as_str(), "", "7F3K", "<script>"] {
        let seen = check(slip);
        assert!(
            seen.status == 200 && seen.body.contains("has a typing mistake"),
            "{slip}"
        );
        assert!(seen.body.contains("missing or mistyped"), "{slip}");
    }
    for (other, words) in [
        ("816650", "Six digits may be a one-time code"),
        ("tjtv-ny8t", "looks like the number of a question"),
    ] {
        let seen = check(other).body;
        assert!(seen.contains(words) && !seen.contains("fake"), "{seen}");
    }
    // A relay accepted it, whatever state it has now.
    house.sql("update notice set status = 'cancelled'").await;
    assert!(check(&code).body.contains("Yes, it is genuine"));
    house.sql("delete from outcome").await;
    assert!(check(&code).body.contains("do not recognise"));
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_codes_are_limited_and_right_codes_are_not_counted() {
    let (house, site, scene) = open("", 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let notice = letter_with(&house, "/s/").await;
    let code = between(&notice.text, "Code: ", "\n").trim().to_owned();
    let browser = site.browser();
    let check = |code: &str| browser.submit("/verify", "/verify", &[("code", code)]);
    for _ in 0..40 {
        assert!(check(&code).body.contains("Yes, it is genuine"));
    }
    for _ in 0..30 {
        assert_eq!(check("0000-0000-00").status, 200);
    }
    let late = check(&code);
    assert_eq!((late.status, late.header("retry-after")), (429, "10"));
    house.app.clock.advance(TimeDelta::seconds(10));
    assert!(check(&code).body.contains("Yes, it is genuine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_learn_who_is_affected() {
    let (house, site, scene) = open("", 1).await;
    let browser = site.browser();
    // The page asks for no consent, and does not say that it does.
    let before = rows(&house).await;
    let seen = browser.get("/find-me").body;
    assert!(
        !seen.contains("<form") && !seen.contains("<input"),
        "{seen}"
    );
    assert!(
        seen.contains("it asks for nothing and looks nothing up"),
        "{seen}"
    );
    assert!(!seen.contains("heck for me"), "{seen}");
    assert_eq!(rows(&house).await, before);

    // Where no code may be sent the page says so, and gives no reason.
    let (_, token) = person(&house, &scene, 0).await;
    house.sql("update person set flags = 16").await;
    let page = format!("/s/{token}");
    let asked = browser.submit(&page, &format!("{page}/code"), &[]);
    let seen = browser.follow(&asked).body;
    assert!(seen.contains("We cannot send you a code by e-mail"));
    assert!(!seen.contains("hold") && !seen.contains("We sent a code"));
    house
        .sql("update incident set wrapped_key = null, forgotten_at = now()")
        .await;
    assert_eq!(browser.get(&page).body, browser.get("/s/forged").body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_public_once_something_was_published_about_it() {
    let (house, site, scene) = open("", 1).await;
    let browser = site.browser();
    assert_eq!(browser.get("/incidents/sundmere").status, 404);
    assert!(browser.get("/").body.contains("There is no incident"));
    let said = "We are checking <what> & \u{1}whose.";
    candor::incident::steer::publish(
        &house.app,
        scene.comms,
        scene.incident,
        candor::incident::UpdateKind::BeingChecked,
        said,
        None,
    )
    .await
    .unwrap();
    for path in ["/", "/incidents/sundmere", "/incidents/sundmere/feed.xml"] {
        let seen = browser.get(path);
        assert!(
            seen.status == 200 && seen.body.contains("We are checking &#60;what&#62;"),
            "{path}: {}",
            seen.body
        );
    }
    let feed = browser.get("/incidents/sundmere/feed.xml");
    assert!(
        feed.header("content-type")
            .starts_with("application/atom+xml")
    );
    assert!(!feed.body.contains('\u{1}'));
}
