//! What is read from logs of relays.

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-29T09:00:00Z".parse().expect("a time")
}

fn read(lines: &[&str]) -> RelayLog {
    let mut log = RelayLog::default();
    let text = lines.join("\n");
    log.read(text.as_bytes(), now()).expect("in memory");
    log
}

fn id(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

fn of(log: &RelayLog, n: u8) -> Option<Fate> {
    log.of(&[n; 16]).map(|logged| logged.fate.clone())
}

#[test]
fn what_postfix_says_of_a_queue_id_is_what_became_of_its_message() {
    let one = format!("message-id=<{}@sundmere.example>", id(1));
    let two = format!("message-id=<{}@sundmere.example>", id(2));
    let line = |rest: &str| format!("Nov 29 08:00:01 mx postfix/cleanup[77]: {rest}");
    let lines = [
        line(&format!("4F2A1: {one}")),
        line("4F2A1: from=<notice@sundmere.example>, size=2712, nrcpt=1 (queue active)"),
        line(&format!("3zXyZ9k: {two}")),
        line(
            "4F2A1: to=<ann@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=0.1, delays=0/0/0/0, \
              dsn=2.0.0, status=sent (250 2.0.0 Ok for ann@example.org: queued as 1)",
        ),
        line("4F2A1: removed"),
        line("3zXyZ9k: from=<notice@sundmere.example>, size=2712, nrcpt=1 (queue active)"),
        line(
            "3zXyZ9k: to=<bob@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=0.1, dsn=5.1.1, \
              status=bounced (host mx.example.org[192.0.2.1] said: 550 5.1.1 <bob@example.org>: User unknown \
              (in reply to RCPT TO command))",
        ),
    ];
    let log = read(&lines.each_ref().map(String::as_str));
    let words = "sent: 250 2.0.0 Ok for ***: queued as 1".to_owned();
    assert_eq!(of(&log, 1), Some(Fate::Taken { words }));
    let Some(Fate::Returned { reply }) = of(&log, 2) else {
        panic!("{:?}", of(&log, 2));
    };
    assert_eq!(
        reply.parts(),
        (Some(550), Some("5.1.1"), "5.1.1 <***>: User unknown")
    );
    assert_eq!(of(&log, 3), None);
}

#[test]
fn a_message_that_is_deferred_or_only_queued_is_the_relays_and_one_of_another_sender_is_nobodys() {
    let lines = [
        format!("2026-11-29T08:00:01.5+01:00 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>", id(1)),
        "2026-11-29T08:00:01.6+01:00 mx postfix/qmgr[8]: A1: from=<n@a.example>, size=9, nrcpt=1 (queue active)"
            .to_owned(),
        format!("2026-11-29T08:00:02+01:00 mx postfix/cleanup[7]: A2: message-id=<{}@a.example>", id(2)),
        "2026-11-29T08:00:03+01:00 mx postfix/relay/smtp[9]: A2: to=<x@y.example>, relay=none, dsn=4.4.1, \
         status=deferred (connect to y.example[192.0.2.9]:25: Connection timed out)"
            .to_owned(),
        "2026-11-29T08:00:03+01:00 mx postfix/cleanup[7]: A3: message-id=<weekly-news@b.example>".to_owned(),
        "2026-11-29T08:00:03+01:00 mx sshd[7]: A3: message-id=<00@b.example>".to_owned(),
    ];
    let log = read(&lines.each_ref().map(String::as_str));
    assert!(matches!(of(&log, 1), Some(Fate::Taken { .. })));
    assert!(matches!(of(&log, 2), Some(Fate::Taken { .. })));
    assert_eq!(log.keys().count(), 2);
    let begin: DateTime<Utc> = "2026-11-29T07:00:01.5Z".parse().expect("a time");
    let end: DateTime<Utc> = "2026-11-29T07:00:03Z".parse().expect("a time");
    assert!(log.covers(begin, end).is_ok());
    assert!(log.covers(begin - TimeDelta::seconds(1), end).is_err());
}

#[test]
fn a_message_whose_connection_was_lost_was_not_taken_unless_the_log_ends_there() {
    let begun = format!(
        "Nov 29 08:00:01 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>",
        id(1)
    );
    assert_eq!(of(&read(&[&begun]), 1), Some(Fate::Begun));
    let later = "Nov 29 08:09:01 mx postfix/smtpd[7]: connect from a.example[192.0.2.3]";
    assert_eq!(of(&read(&[&begun, later]), 1), None);
    let refused =
        "Nov 29 08:00:02 mx postfix/cleanup[7]: A1: milter-reject: END-OF-MESSAGE from a: 5.7.1 no";
    assert_eq!(of(&read(&[&begun, refused]), 1), None);
}

#[test]
fn a_queue_id_that_is_used_again_belongs_to_its_latest_message() {
    let line = |rest: String| format!("Nov 29 08:00:01 mx postfix/cleanup[7]: {rest}");
    let queued = line("A1: from=<n@a.example>, size=9, nrcpt=1 (queue active)".to_owned());
    let lines = [
        line(format!("A1: message-id=<{}@a.example>", id(1))),
        queued.clone(),
        line("A1: removed".to_owned()),
        line("A1: to=<x@y.example>, dsn=5.0.0, status=bounced (late)".to_owned()),
        line(format!("A1: message-id=<{}@a.example>", id(2))),
        queued,
    ];
    let log = read(&lines.each_ref().map(String::as_str));
    assert!(matches!(of(&log, 1), Some(Fate::Taken { .. })));
    assert!(matches!(of(&log, 2), Some(Fate::Taken { .. })));
}

#[test]
fn a_time_without_a_year_is_never_in_the_future() {
    let at = |line: &str| moment(line, None, now()).map(|(at, _)| at.to_rfc3339());
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(at("Nov  3 08:00:01 mx x"), is("2026-11-03T08:00:01+00:00"));
    assert_eq!(at("Dec 31 08:00:01 mx x"), is("2025-12-31T08:00:01+00:00"));
    assert_eq!(at("no time"), None);
}

fn files(files: &[&[&str]]) -> RelayLog {
    let mut log = RelayLog::default();
    for lines in files {
        let text = lines.join("\n");
        log.read(text.as_bytes(), now()).expect("in memory");
    }
    log
}

#[test]
fn a_message_is_followed_from_one_file_of_its_relay_to_the_next() {
    let begun = format!(
        "Nov 29 07:59:59 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>",
        id(1)
    );
    let queued = "Nov 29 07:59:59 mx postfix/qmgr[8]: A1: from=<n@a.example>, size=9, nrcpt=1 (queue active)";
    // Another relay uses the same queue id for another message.
    let other = format!(
        "Nov 29 08:00:00 relay2 postfix/cleanup[7]: A1: message-id=<{}@a.example>",
        id(2)
    );
    let bounced = "Nov 29 08:00:01 mx postfix/smtp[9]: A1: to=<x@y.example>, relay=mx.y.example[192.0.2.1]:25, \
        dsn=5.1.1, status=bounced (host mx.y.example[192.0.2.1] said: 550 5.1.1 User unknown)";
    let log = files(&[&[&begun, queued], &[&other], &[bounced]]);
    assert!(matches!(of(&log, 1), Some(Fate::Returned { .. })));
    assert_eq!(of(&log, 2), Some(Fate::Begun));
}

#[test]
fn two_instances_of_one_host_have_queues_of_their_own() {
    let line = |rest: String| format!("Nov 29 08:00:01 mx {rest}");
    let lines = [
        line(format!(
            "postfix/cleanup[7]: A1: message-id=<{}@a.example>",
            id(1)
        )),
        line(format!(
            "postfix-out/cleanup[8]: A1: message-id=<{}@a.example>",
            id(2)
        )),
        line(
            "postfix/relay/smtp[9]: A1: to=<x@y.example>, dsn=5.0.0, status=bounced (no)"
                .to_owned(),
        ),
    ];
    let log = read(&lines.each_ref().map(String::as_str));
    assert!(matches!(of(&log, 1), Some(Fate::Returned { .. })));
    assert_eq!(of(&log, 2), Some(Fate::Begun));
}

#[test]
fn a_message_begun_at_the_end_of_one_relays_log_may_be_taken_however_long_the_log_of_another() {
    let begun = format!(
        "Nov 29 08:00:01 mx postfix/cleanup[7]: A1: message-id=<{}@a.example>",
        id(1)
    );
    let later = "Nov 29 10:00:00 relay2 postfix/smtpd[7]: connect from a.example[192.0.2.3]";
    assert_eq!(of(&files(&[&[&begun], &[later]]), 1), Some(Fate::Begun));
    assert_eq!(of(&files(&[&[later], &[&begun]]), 1), Some(Fate::Begun));
    let own = "Nov 29 10:00:00 mx postfix/smtpd[7]: connect from a.example[192.0.2.3]";
    assert_eq!(of(&files(&[&[&begun], &[own]]), 1), None);
}

#[test]
fn a_file_that_is_no_log_is_refused_and_an_empty_one_is_not() {
    let mut log = RelayLog::default();
    assert!(log.read(&b"\x1f\x8b\x08\x00binary"[..], now()).is_err());
    assert!(log.read(&b""[..], now()).is_ok());
}

#[test]
fn a_time_is_read_in_the_zone_that_somebody_gave() {
    let east = FixedOffset::east_opt(3600);
    let line = "Nov  3 08:00:01 mx x";
    let read = moment(line, east, now()).map(|(at, known)| (at.to_rfc3339(), known));
    assert_eq!(read, Some(("2026-11-03T07:00:01+00:00".to_owned(), true)));
    let journal = moment("2026-11-03T08:00:01+0100 mx x", None, now());
    assert_eq!(journal.map(|(at, known)| (at.to_rfc3339(), known)), read);
}
