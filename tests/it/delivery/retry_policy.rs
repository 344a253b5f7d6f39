//! The retry policy compared with real bounces: the replies quoted in the mails that the sisimai project collected, and
//! that project's classification.

use std::collections::BTreeMap;
use std::path::Path;

use candor::mail::Reply;
use candor::notice::retry::{Verdict, decide};
use chrono::DateTime;

/// Reasons for which the corpus says that either classification is right, and reasons that are no bounce.
const EITHER_WILL_DO: [&str; 6] = [
    "filtered",
    "onhold",
    "undefined",
    "feedback",
    "vacation",
    "delivered",
];
/// Measured when the policy was written; a lower value is a regression.
const FLOOR_PERCENT: usize = 95;

/// The SMTP reply in a mail's only `Diagnostic-Code` field (RFC 3464 §2.3.6).
fn reply_in(mail: &str) -> Option<(u16, String)> {
    let mut fields = mail.match_indices("\nDiagnostic-").filter(|(at, _)| {
        mail[at + 1..]
            .get(..16)
            .is_some_and(|name| name.eq_ignore_ascii_case("Diagnostic-Code:"))
    });
    let (at, _) = fields.next()?;
    let mut lines = mail[at + 17..].lines();
    let mut field = lines.next()?.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        field.push(' ');
        field.push_str(line.trim());
    }
    let (kind, reply) = field.split_once(';')?;
    let reply = reply.trim();
    let code: u16 = reply
        .get(..3)?
        .parse()
        .ok()
        .filter(|code| (400..600).contains(code))?;
    let text = reply[3..].trim_start_matches(['-', ' ']).to_owned();
    (kind.eq_ignore_ascii_case("smtp") && fields.next().is_none()).then_some((code, text))
}

/// Reasons that the corpus counts against the sender: its machine, its name, its rate, its message.
const AGAINST_THE_SENDER: [&str; 17] = [
    "authfailure",
    "badreputation",
    "blocked",
    "contenterror",
    "failedstarttls",
    "norelaying",
    "notcompliantrfc",
    "policyviolation",
    "ratelimited",
    "rejected",
    "requireptr",
    "securityerror",
    "spamdetected",
    "speeding",
    "syntaxerror",
    "toomanyconn",
    "virusdetected",
];
/// `Unknown user …`, which the corpus counts against the sender since its command was MAIL FROM: the words alone do not
/// tell.
const SAYS_OTHERWISE: &str = "rhost-nttdocomo-";

/// One row of the corpus with a mail that quotes one SMTP reply: file, reason, whether it is hard, code, text.
type Row = (String, String, bool, u16, String);

fn rows() -> Option<Vec<Row>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/sisimai-dev");
    let Ok(expected) = std::fs::read_to_string(corpus.join("expected.tsv")) else {
        assert!(std::env::var_os("CI").is_none(), "the corpora are needed");
        println!("the retry policy was not held against sisimai: no corpora/sisimai-dev");
        return None;
    };
    let rows: Vec<Vec<&str>> = expected
        .lines()
        .skip(1)
        .map(|row| row.split('\t').collect())
        .collect();
    let mut recipients: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        *recipients.entry(row[0]).or_default() += 1;
    }
    let quoted = |row: &Vec<&str>| {
        let (file, reason, hard) = (row[0], row[4], row[5] == "1");
        let mail = std::fs::read(corpus.join("eml").join(file)).unwrap_or_default();
        let (code, text) = reply_in(&String::from_utf8_lossy(&mail).replace("\r\n", "\n"))?;
        (recipients[file] == 1).then(|| (file.to_owned(), reason.to_owned(), hard, code, text))
    };
    Some(rows.iter().filter_map(quoted).collect())
}

/// The classification of the first reply, and whether it is a hard bounce. (A mailbox that is switched off rules the
/// address out, too; the corpus counts it as soft.)
fn first_verdict(code: u16, text: &str) -> (Verdict, bool) {
    let now = DateTime::from_timestamp(1_629_450_000, 0).expect("a moment");
    let verdict = decide(&Reply::heard(code, text, None), 1, now, now, 0.5);
    let condemned = matches!(verdict, Verdict::Bounced { reason } if reason.is_hard());
    (verdict, condemned)
}

#[test]
fn hard_and_soft_bounces_are_classified_as_by_sisimai() {
    let Some(rows) = rows() else { return };
    let (mut held, mut agreed, mut hard_ones, mut found) = (0, 0, 0, 0);
    for (file, reason, hard, code, text) in rows {
        if EITHER_WILL_DO.contains(&&*reason) {
            continue;
        }
        let (verdict, condemned) = first_verdict(code, &text);
        held += 1;
        agreed += usize::from(condemned == hard);
        hard_ones += usize::from(hard);
        found += usize::from(hard && condemned);
        if condemned != hard {
            println!("{file}: {reason}, but {verdict:?} for {code} {text}");
        }
    }
    println!(
        "agreed with sisimai on hard or soft in {agreed} of {held} replies; {found} of {hard_ones} hard ones found"
    );
    assert!(
        held >= 100 && hard_ones >= 40,
        "{held} replies, {hard_ones} hard"
    );
    assert!(agreed * 100 >= held * FLOOR_PERCENT, "{agreed} of {held}");
    assert!(
        found * 100 >= hard_ones * FLOOR_PERCENT,
        "{found} of {hard_ones}"
    );
}

#[test]
fn a_reply_against_the_sender_rules_out_no_address_and_is_not_final_at_once() {
    let Some(rows) = rows() else { return };
    let mut against = 0;
    for (file, reason, _, code, text) in rows {
        if !AGAINST_THE_SENDER.contains(&&*reason) || file.starts_with(SAYS_OTHERWISE) {
            continue;
        }
        against += 1;
        let (verdict, condemned) = first_verdict(code, &text);
        let is_final = matches!(verdict, Verdict::Bounced { .. } | Verdict::Expired);
        assert!(
            !condemned && !is_final,
            "{file}: {reason}, but {verdict:?} for {code} {text}"
        );
    }
    println!("{against} replies against the sender: none final at once, no address condemned");
    assert!(against >= 35, "{against} replies");
}
