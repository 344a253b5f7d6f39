//! What stands against a campaign before its launch: findings of rules, and reasons of its audience.

use candor::web::console::audience::sentence::{Sentence, Term};

use super::*;

/// Findings of rules: one that is open, one that is waived, and advice.
pub(super) fn findings() -> Findings {
    let bureaus = RuleFinding {
        key: "en:law.us-ca.bureaus".into(),
        tone: Tone::Act,
        what: "The toll-free numbers and addresses of the consumer reporting agencies are missing."
            .into(),
        todo: "Name Equifax, Experian and TransUnion with number and address.".into(),
        who: "English, for 7,000,000 people in US-CA".into(),
        rule: "law.us-ca.bureaus".into(),
        source: "California Civil Code, 1798.82(d)".into(),
        blocking: true,
        typed: "Too short".into(),
        ..RuleFinding::default()
    };
    let hedge = RuleFinding {
        tone: Tone::Look,
        blocking: false,
        lines: vec![Line {
            place: "Body, line 3".into(),
            quote: "Your data may have been copied.".into(),
            what: "“may have been”".into(),
        }],
        ..bureaus.clone()
    };
    let waived = RuleFinding {
        tone: Tone::Done,
        waiver: Some(Waiver {
            by: "Bo Lind".into(),
            at: row(3),
            reason: "Counsel: the numbers stand on the page behind the link.".into(),
        }),
        ..bureaus.clone()
    };
    Findings {
        findings: vec![bureaus, waived, hedge],
        unknown: vec!["JP".into()],
        country_only: vec!["US-TX".into()],
        is_submitted: true,
        may_waive: true,
    }
}

/// The audience of a campaign, and what prevents its submission.
pub(super) fn readiness() -> Readiness {
    let reader = |language: &str, people, text: &str| Reader {
        language: language.into(),
        people,
        text: text.into(),
        is_theirs: language == text,
    };
    Readiness {
        sentence: Sentence {
            all: 48_000_000,
            beginning: "in scope",
            left_out: vec![Term {
                people: 40_211,
                words: "need a letter",
                href: "/console/incidents/august-2021/audience/people?term=needs_letter".into(),
            }],
            gets: Term {
                people: 7_800_000,
                words: "will get it",
                href: String::new(),
            },
        },
        builder: "kind=initial&locales=en".into(),
        count: AudienceCount {
            mailable: 7_800_000,
            withheld: 12,
            needs_letter: 40_211,
            waiting_elsewhere: 3,
            may_have_been_told: 2,
        },
        readers: vec![
            reader("English", 7_000_000, "English"),
            reader("Français", 800_000, "English"),
        ],
        unpublished: vec!["what_happened".into()],
        reasons: vec![
            "The text “en”, line 3: “https://bit.ly/x”. A link shortener hides where it leads."
                .into(),
        ],
        acknowledge: vec![Acknowledgement {
            key: "fr".into(),
            why: "800000 people read “fr”, and there is no text in it: they get the text “en”."
                .into(),
            ticked: false,
            by: "Ada Moreno".into(),
        }],
        is_draft: false,
        may_submit: false,
    }
}
