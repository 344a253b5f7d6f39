//! Who is answered first: a pure, explainable score. Tickets wait in line by it, and by their time of
//! arrival among equals. What was exposed for the person, the harm they tell of, and whether they
//! need more care count; how angrily they write does not.

pub(crate) use super::harm::Harms;
use crate::element::ElementSet;
use crate::person::flags::Flags;
use crate::person::{Person, PersonStanding};

/// A score and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// Higher is sooner. 0..=270.
    pub score: i32,
    /// Why, in plain words; never a quotation.
    pub why: String,
}

/// What of a person counts for the urgency of their tickets, as the list in force says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stake {
    /// The severity of the worst exposed element, 0..=5; 0 for a person who is not affected.
    pub severity: u8,
    /// Whether they need more care.
    pub vulnerable: bool,
    /// Whether they were on a list once and are not affected after all.
    pub retracted: bool,
}

impl Stake {
    /// Of a person with this exposure and these flags.
    pub(crate) fn of(exposed: ElementSet, flags: Flags, retracted: bool) -> Self {
        Self {
            severity: match retracted {
                true => 0,
                false => exposed.severity(),
            },
            vulnerable: flags.contains(Flags::VULNERABLE),
            retracted,
        }
    }
}

impl<C> From<&Person<C>> for Stake {
    fn from(person: &Person<C>) -> Self {
        let retracted = person.standing == PersonStanding::Retracted;
        Self::of(person.exposed_now(), person.flags, retracted)
    }
}

/// Points of a vulnerable person.
const VULNERABLE: i32 = 30;
/// Points of each step of severity.
const A_SEVERITY: i32 = 6;

/// The urgency of a matter: what is at stake for the person, and the harm that they told of.
pub(crate) fn weigh(stake: Stake, harms: Harms) -> Urgency {
    let severity = stake.severity.min(5);
    let mut score = i32::from(severity) * A_SEVERITY;
    let mut why = vec![match severity {
        _ if stake.retracted => "not affected, says the list now".to_owned(),
        0 => "nothing known to be exposed".to_owned(),
        _ => format!("exposure {severity} of 5"),
    }];
    for harm in harms.each() {
        score += harm.points;
        why.push(harm.why.to_owned());
    }
    if stake.vulnerable {
        score += VULNERABLE;
        why.push("needs more care".to_owned());
    }
    Urgency {
        score,
        why: why.join(" · "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weigh(severity: u8, vulnerable: bool, text: &str) -> Urgency {
        let stake = Stake {
            severity,
            vulnerable,
            retracted: false,
        };
        super::weigh(stake, Harms::told_in(text))
    }

    #[test]
    fn harms_are_kept_as_bits_and_add_up() {
        let fraud = Harms::told_in("Somebody stole my identity: fraud!");
        let police = Harms::told_in("I went to the police");
        assert_eq!(Harms::from_bits(fraud.bits() | -16), fraud);
        let both = super::weigh(Stake::default(), fraud.and(police));
        assert_eq!(both.score, 70);
        let gone = Stake {
            retracted: true,
            ..Stake::default()
        };
        assert_eq!(
            super::weigh(gone, Harms::default()).why,
            "not affected, says the list now"
        );
    }

    #[test]
    fn harm_raises_the_urgency_in_many_languages_and_says_why() {
        let plain = weigh(5, false, "How do I change my address?");
        assert_eq!((plain.score, &*plain.why), (30, "exposure 5 of 5"));
        for text in [
            "There is FRAUD on my card",
            "Me robaron la identidad",
            "J’ai été victime d’une escroquerie",
            "Ein Kredit auf meinen Namen: Betrug!",
            "Ai đó lừa đảo tôi",
            "Мошенники звонят",
            "我的身份被盗用了",
            "사기를 당했어요",
            "تعرضت للاحتيال",
        ] {
            let told = weigh(1, false, text);
            assert!(told.why.contains("fraud or theft"), "{}", told.why);
        }
        for text in [
            "I want to die",
            "je pense au suicide",
            "Selbstmord",
            "자살",
            "quiero morir",
        ] {
            assert!(weigh(0, false, text).score >= 100);
        }
        assert!(
            weigh(3, false, "they did a SIM-swap on me")
                .why
                .contains("taken over")
        );
        let vulnerable = weigh(2, true, "hello");
        assert_eq!(
            (vulnerable.score, &*vulnerable.why),
            (42, "exposure 2 of 5 · needs more care")
        );
    }

    proptest! {
        #[test]
        fn any_text_gets_a_score_in_range_and_is_not_quoted(text: String, severity: u8, vulnerable: bool) {
            let urgency = weigh(severity, vulnerable, &text);
            prop_assert!((0..=270).contains(&urgency.score));
            prop_assert!(urgency.why.len() < 300);
        }
    }
}
