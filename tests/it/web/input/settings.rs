//! Settings, as the program finds them.

use crate::house::House;
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn the_program_refuses_settings_that_would_end_in_mail_or_nowhere() {
    let house = House::new().await;
    for (key, value, hint) in [
        ("CANDOR_HTTP_LISTEN", "127.0.0.1:1", "CANDOR__HTTP__LISTEN"),
        (
            "CANDOR__HTTP__PUBLIC_URL",
            "www.sundmere.example",
            "must begin with https://",
        ),
        (
            "CANDOR__HTTP__PUBLIC_URL",
            "https://x.example?a=1",
            "no ? and no #",
        ),
        ("CANDOR__HTTP__LISTEN", "nonsense", "127.0.0.1:8080"),
        ("CANDOR__LOG__LEVEL", "bananas=???", "log.level"),
        (
            "CANDOR__BREAKER__BOUNCE_PAUSE_PERCENT",
            "1",
            "breaker.bounce_pause_percent",
        ),
        (
            "CANDOR__SESSIONS__STAFF_HOURS",
            "9999999",
            "sessions.staff_hours",
        ),
    ] {
        for command in ["check", "serve"] {
            let output = Program::of(&house)
                .without(key)
                .with(key, value)
                .run(&[command]);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{command} {key}={value}");
            assert!(errors.contains(hint), "{command} {key}={value}: {errors}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_shows_what_a_notice_would_look_like() {
    let house = House::new().await;
    let program = Program::of(&house)
        .without("CANDOR__HTTP__PUBLIC_URL")
        .with("CANDOR__HTTP__PUBLIC_URL", "https://help.sundmere.example")
        .with("CANDOR__ORGANISATION__FROM_NAME", "Sundmere")
        .with(
            "CANDOR__ORGANISATION__RETURN_PATH",
            "bounces@sundmere.example",
        );
    let told = program.run(&["check"]);
    let told = String::from_utf8(told.stdout).unwrap();
    let line = told
        .lines()
        .find(|line| line.contains("sample notice"))
        .unwrap();
    for part in [
        "ok",
        "“Sundmere” <notice@sundmere.example>",
        "bounces to bounces@sundmere.example",
        "https://help.sundmere.example/s/sample",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let whole = program.run(&["check", "--sample"]);
    let whole = String::from_utf8(whole.stdout).unwrap();
    assert!(
        whole.contains("From: Sundmere <notice@sundmere.example>"),
        "{whole}"
    );
    assert!(
        whole.contains("https://help.sundmere.example/s/sample"),
        "{whole}"
    );
}
