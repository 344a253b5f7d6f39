//! The policy in examples.

use super::BounceReason::*;
use super::HoldReason::{Protocol, SenderRefused};
use super::*;
use Classification::RelayAway;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_629_450_000 + seconds, 0).expect("a moment")
}

/// The classification on a reply to the first attempt, without jitter.
fn on(code: u16, text: &str) -> Classification {
    decide(&Reply::heard(code, text, None), 1, at(0), at(0), 0.5)
}

fn retry(minutes: i64) -> Classification {
    Classification::Retry {
        at: at(minutes * 60),
    }
}

#[test]
fn what_condemns_the_address() {
    for (code, text, reason) in [
        (
            550,
            "5.1.1 <x@y>: Recipient address rejected: User unknown",
            UserUnknown,
        ),
        (550, "No such user here", UserUnknown),
        (550, "5.7.1 user unknown", UserUnknown),
        (
            550,
            "5.5.0 Requested action not taken: mailbox unavailable",
            UserUnknown,
        ),
        (
            550,
            "5.2.1 The email account that you tried to reach is disabled",
            MailboxDisabled,
        ),
        (552, "5.2.2 Over quota", MailboxFull),
        (552, "", MailboxFull),
        (552, "5.3.4 Message size exceeds fixed limit", MessageTooBig),
        (551, "User not local", Moved),
        (550, "5.1.2 Host unknown", HostUnknown),
        (556, "5.1.10 Recipient address has null MX", HostUnknown),
        (553, "5.6.7 needs SMTPUTF8", NeedsSmtputf8),
        (
            550,
            "5.7.1 RESOLVER.RST.AuthRequired; authentication required",
            Policy,
        ),
        (550, "", Unexplained),
        (551, "second line with another code", Moved),
        (552, "5.1.1 <x@y> is over quota", MailboxFull),
        (
            550,
            "sorry, no mailbox here by that name (#5.1.1)",
            UserUnknown,
        ),
        (550, "The recipient account is blocked", MailboxDisabled),
        (550, "5.1.0 account suspended", MailboxDisabled),
        (550, "5.2.1 disabled", MailboxDisabled),
        (550, "this user is inactive", MailboxDisabled),
        (550, "no such user; the sender was told", UserUnknown),
        (571, "delivery not authorised for this mailbox", Policy),
        (550, "5.1.1 User unknown; see our policy", UserUnknown),
        (552, "5.2.2 mailbox size limit exceeded", MailboxFull),
    ] {
        assert_eq!(
            on(code, text),
            Classification::Bounced { reason },
            "{code} {text}"
        );
    }
}

/// Replies that speak of the sender, with the reason that each gives.
const AGAINST_US: &[(u16, &str, HoldReason)] = &[
    (
        554,
        "5.7.1 Client host rejected: blocked using dnsbl.example",
        Blocked,
    ),
    (
        550,
        "5.7.26 Unauthenticated email is not accepted: DMARC",
        Blocked,
    ),
    (550, "5.7.1", Blocked),
    (550, "Message rejected as spam", HoldReason::ContentRefused),
    (571, "message content declined", HoldReason::ContentRefused),
    (
        550,
        "5.1.8 Sender address rejected: Domain not found",
        SenderRefused,
    ),
    (554, "5.7.1 <x@y>: Relay access denied", NotPermitted),
    (530, "5.7.0 Authentication required", NotPermitted),
    (554, "5.7.1 Virus found", HoldReason::ContentRefused),
    (501, "5.5.4 Syntax error in parameters", Protocol),
    (500, "line limit exceeded", Protocol),
    // The words say more than the code.
    (
        550,
        "5.1.1 <x@y> too many recipients this hour",
        RateLimited,
    ),
    (550, "5.2.1 <x@y> your IP is blacklisted", Blocked),
    (554, "daily relay quota", RateLimited),
    (550, "5.1.1 192.0.2.1 is listed on bl.example", Blocked),
    (550, "found on one or more DNSBLs", Blocked),
    (554, "Host network not allowed", Blocked),
    (550, "sender IP mismatch", Blocked),
    (
        554,
        "Message rejected: Sending suspended for this account. For more information, please check the inbox of \
             the email address associated with your AWS account.",
        NotPermitted,
    ),
    (550, "5.7.1 Sender account is suspended", SenderRefused),
    (550, "5.7.1 The sending account is locked", SenderRefused),
    (550, "The sender is disabled", SenderRefused),
    (
        553,
        "Domain of sender address does not exist",
        SenderRefused,
    ),
    (553, "Domain of the sender not found", SenderRefused),
    (550, "Originator does not exist", SenderRefused),
    (550, "Invalid domain in HELO", Blocked),
    (550, "EHLO host unknown", Blocked),
    // The reply does not say which account or domain.
    (550, "Domain x.example is disabled", HoldReason::Unexplained),
    (554, "account suspended", HoldReason::Unexplained),
    (
        550,
        "5.7.1 This account is not active",
        HoldReason::Unexplained,
    ),
    // No rule knows these words.
    (554, "Transaction failed", HoldReason::Unexplained),
    (
        553,
        "Ihre Nachricht wollen wir nicht",
        HoldReason::Unexplained,
    ),
    (542, "<x@y> Rejected", HoldReason::Unexplained),
    (
        550,
        "Absender steht auf unserer Sperrliste",
        HoldReason::Unexplained,
    ),
];

#[test]
fn what_is_against_us() {
    for (code, text, reason) in AGAINST_US {
        let (code, reason) = (*code, *reason);
        let against = Classification::Against {
            reason,
            at: at(2 * 60),
            lasting: reason.lasting(),
        };
        assert_eq!(on(code, text), against, "{code} {text}");
    }
    for (code, text) in [
        (421, "4.7.0 unusual rate of unsolicited mail"),
        (451, "4.7.500 too many messages"),
    ] {
        let against = Classification::Against {
            reason: RateLimited,
            at: at(5 * 60),
            lasting: TimeDelta::minutes(5),
        };
        assert_eq!(on(code, text), against, "{code} {text}");
    }
}

#[test]
fn what_one_relay_cannot_carry_is_final_only_once_no_other_may() {
    let after = |enhanced, others_may_carry| {
        let (code, text) = (553, "this relay lacks it".to_owned());
        let reply = Reply::CannotCarry {
            code,
            enhanced,
            text,
        };
        let tried = Tried {
            attempt: 1,
            attempts: 1,
            first: at(0),
            refused: None,
            others_are_taken: false,
            others_may_carry,
        };
        decide_after(&reply, &tried, at(0), 0.5)
    };
    for (enhanced, reason) in [("5.6.7", NeedsSmtputf8), ("5.3.4", MessageTooBig)] {
        assert_eq!(after(enhanced, true), Classification::AnotherRelay);
        assert_eq!(after(enhanced, false), Classification::Bounced { reason });
    }
    assert_eq!(after("5.6.3", true), Classification::AnotherRelay);
    assert!(matches!(
        after("5.6.3", false),
        Classification::Against { .. }
    ));
}

#[test]
fn what_passes_by_itself() {
    for (code, text, minutes) in [
        (450, "4.2.0 Greylisted, see http://postgrey.example/", 5),
        (
            451,
            "4.7.1 Greylisting in action, please come back in 00:08:00",
            8,
        ),
        (450, "4.7.1 Greylisted for 10 minutes", 10),
        (451, "Try again in 600 seconds.", 10),
        (451, "try again in 3 seconds", 1),
        (451, "try again after 99 hours", 240),
        (452, "4.2.2 Mailbox full", 5),
        (450, "4.1.1 User unknown in local table", 5),
        (451, "4.4.3 Temporary lookup failure", 5),
        (450, "", 5),
        (451, "4.7.1 Service unavailable - try again later", 5),
        (554, "4.4.7 Message expired", 5),
        (550, "user bob is temporarily locked", 5),
        (
            550,
            "5.2.1 The user is receiving mail at a rate that prevents more",
            5,
        ),
        (600, "what", 5),
    ] {
        let asked = minutes != 5;
        // With jitter 0.5 a delay of ours is exact, one that was asked for is 10 % longer.
        let expected = if asked {
            Classification::Retry {
                at: at(minutes * 66),
            }
        } else {
            retry(minutes)
        };
        assert_eq!(on(code, text), expected, "{code} {text}");
    }
}

#[test]
fn what_says_nothing_about_the_notice() {
    let away = RelayAway;
    assert_eq!(on(421, "4.3.2 Service shutting down"), away);
    let lost = Reply::Unreachable { why: "gone".into() };
    assert_eq!(decide(&lost, 9, at(0), at(400_000), 0.5), away);
    assert_eq!(
        decide(&Reply::Unknown { why: "gone".into() }, 1, at(0), at(0), 0.5),
        Classification::Uncertain
    );
    assert_eq!(on(250, "2.0.0 queued"), Classification::Sent);
}

#[test]
fn a_notice_that_drives_the_relay_away_waits_alone() {
    let away = RelayAway;
    let after = |attempts, now| in_doubt(away, attempts, at(0), at(now), 0.5);
    assert_eq!(after(5, 0), away);
    assert_eq!(after(6, 0), retry(5));
    assert_eq!(after(7, 0), retry(15));
    assert_eq!(after(20, 3 * 86_400 - 60), Classification::Expired);
    assert_eq!(
        in_doubt(Classification::Sent, 9, at(0), at(0), 0.5),
        Classification::Sent
    );
}

#[test]
fn what_may_have_arrived_is_sent_again_three_times_at_most() {
    let waits: Vec<_> = (1..=5).map(resend_in).collect();
    let minutes = |n| Some(TimeDelta::minutes(n));
    assert_eq!(waits, [minutes(1), minutes(15), minutes(60), None, None]);
}

#[test]
fn delays_grow_then_the_notice_expires() {
    let busy = Reply::heard(450, "4.2.1 busy", None);
    let after = |attempt| decide(&busy, attempt, at(0), at(0), 0.5);
    assert_eq!(
        (1..=8).map(after).collect::<Vec<_>>(),
        [5, 15, 30, 60, 120, 240, 240, 240].map(retry)
    );
    assert_eq!(decide(&busy, 1, at(0), at(0), 0.0), retry(4));
    assert_eq!(decide(&busy, 1, at(0), at(0), 1.0), retry(6));
    assert_eq!(
        decide(&busy, 20, at(0), at(3 * 86_400 - 60), 0.5),
        Classification::Expired
    );
}

/// The classification on each of several refusals in the same words, each when the one before it asked for.
fn repeated(code: u16, text: &str, others_are_taken: bool) -> (Vec<i64>, Classification) {
    let reply = Reply::heard(code, text, None);
    let (mut now, mut waits, mut refused) = (at(0), Vec::new(), None);
    for attempt in 1.. {
        let tried = Tried {
            attempt,
            attempts: attempt,
            first: at(0),
            refused,
            others_are_taken,
            others_may_carry: false,
        };
        match decide_after(&reply, &tried, now, 0.5) {
            Classification::Against { at, .. } => {
                waits.push((at - now).num_minutes());
                refused = Some((attempt, refused.map_or(now, |(_, first)| first)));
                now = at;
            }
            last => return (waits, last),
        }
    }
    unreachable!("it ends")
}

#[test]
fn a_refusal_that_may_mean_us_is_final_only_once_it_is_repeated_later() {
    let bounced = |reason| Classification::Bounced { reason };
    let unclear = "nichts da";
    assert_eq!(
        repeated(550, unclear, false),
        (vec![2, 30], bounced(Unexplained))
    );
    assert_eq!(
        repeated(550, "5.7.1 blocked", false),
        (vec![2, 30, 120, 240], bounced(Policy))
    );
    // The provider accepts messages to other people at the same time, so the refusal concerns this mailbox.
    assert_eq!(
        repeated(550, unclear, true),
        (vec![2], bounced(Unexplained))
    );
    assert_eq!(
        repeated(571, "message content declined", true),
        (vec![2], bounced(ContentRefused))
    );
    // A rate says nothing about a mailbox.
    let (waits, _) = repeated(550, "too many messages", true);
    assert_eq!(waits, [2, 30, 120, 240]);
}

#[test]
fn the_same_words_are_the_same_refusal() {
    let of = |text| gist(HoldReason::Unexplained, text);
    assert_eq!(
        of("5.0.0 *** Nope, id 4711/a1"),
        of("5.0.0 *** nope, ID 17/b2")
    );
    assert_ne!(of("nope"), of("no room"));
    assert_eq!(gist(Blocked, "one"), gist(Blocked, "another"));
}

#[test]
fn a_campaign_may_leave_what_is_uncertain() {
    assert_eq!(resend_by(UncertainPolicy::Leave, 1), None);
    assert_eq!(resend_by(UncertainPolicy::Resend, 1), resend_in(1));
}
