//! The retry policy held against real bounces: the replies quoted in the mails that the sisimai
//! project collected, and what that project takes them for.

use std::collections::BTreeMap;
use std::path::Path;

use candor::mail::Reply;
use candor::notice::retry::{Verdict, decide};
use chrono::DateTime;

/// Reasons about which the corpus itself says that either answer will do, and what is no bounce.
const EITHER_WILL_DO: [&str; 6] = [
    "filtered",
    "onhold",
    "undefined",
    "feedback",
    "vacation",
    "delivered",
];
/// Measured when the policy was written; below it something that worked was broken.
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

#[test]
fn hard_and_soft_bounces_are_told_apart_as_sisimai_does() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/sisimai-dev");
    let Ok(expected) = std::fs::read_to_string(corpus.join("expected.tsv")) else {
        assert!(std::env::var_os("CI").is_none(), "the corpora are needed");
        return println!("the retry policy was not held against sisimai: no corpora/sisimai-dev");
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
    let now = DateTime::from_timestamp(1_629_450_000, 0).expect("a moment");
    let (mut held, mut agreed) = (0, 0);
    for row in rows {
        let (file, reason, hard) = (row[0], row[4], row[5] == "1");
        let mail = std::fs::read(corpus.join("eml").join(file)).unwrap_or_default();
        let Some((code, text)) = reply_in(&String::from_utf8_lossy(&mail).replace("\r\n", "\n"))
        else {
            continue;
        };
        if recipients[file] > 1 || EITHER_WILL_DO.contains(&reason) {
            continue;
        }
        let verdict = decide(&Reply::heard(code, &text, None), 1, now, now, 0.5);
        let condemned = matches!(verdict, Verdict::Bounced { reason } if reason.condemns_address());
        held += 1;
        agreed += usize::from(condemned == hard);
        if condemned != hard {
            println!("{file}: {reason}, but {verdict:?} for {code} {text}");
        }
    }
    println!("agreed with sisimai on hard or soft in {agreed} of {held} replies");
    assert!(held >= 100, "{held} replies");
    assert!(agreed * 100 >= held * FLOOR_PERCENT, "{agreed} of {held}");
}
