//! Whether a notice still suits its person. An audience is frozen once; lists change until the last message has left.

use crate::campaign::CampaignKind;
use crate::element::ElementSet;
use crate::person::flags::{Flags, WithheldReason};
use crate::person::{AudienceFilter, Person, PersonStanding};
use crate::postal::MinorsRule;

/// What was approved of a campaign, as far as it decides who is written to.
#[derive(Debug)]
pub(crate) struct Approved {
    /// Why it is sent.
    pub kind: CampaignKind,
    /// The audience.
    pub audience: AudienceFilter,
    /// How its incident tells minors; the choice stands while a campaign is under way.
    pub minors: MinorsRule,
}

impl Approved {
    /// Whether a notice suits its person as they are now. `named` is what it named when the audience was frozen, `names`
    /// what its text names for the person now.
    ///
    /// # Errors
    /// As [`fits`].
    pub(crate) fn fits<C>(
        &self,
        person: &Person<C>,
        named: ElementSet,
        names: ElementSet,
    ) -> Result<(), WithheldReason> {
        let says = Says {
            kind: self.kind,
            is_meant: self.audience.covers(person) && !self.is_for_the_guardian(person),
            named,
            names,
        };
        fits(person, &says)
    }

    /// Whether a letter to the guardian tells the person, and no e-mail may.
    fn is_for_the_guardian<C>(&self, person: &Person<C>) -> bool {
        self.minors == MinorsRule::GuardianLetter && person.flags.contains(Flags::MINOR)
    }
}

/// What a notice would say to its person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Says {
    /// Why its campaign is sent.
    pub kind: CampaignKind,
    /// Whether the approved audience has the person in it.
    pub is_meant: bool,
    /// What it named when the audience was frozen.
    pub named: ElementSet,
    /// What its text names for the person as they are now.
    pub names: ElementSet,
}

/// Whether it may be sent.
///
/// # Errors
/// Why it must not be: the first of what the person's flags say, whether what was approved suits them
/// ([`WithheldReason::NotAffected`], [`WithheldReason::AlreadyTold`], else [`WithheldReason::Changed`]) and
/// [`WithheldReason::NoAddress`].
pub(crate) fn fits<C>(person: &Person<C>, says: &Says) -> Result<(), WithheldReason> {
    if let Some(reason) = person.flags.withheld_reason() {
        return Err(reason);
    }
    let theirs = person.exposed_now();
    let told = match says.kind {
        CampaignKind::Correction => says.names,
        CampaignKind::Initial | CampaignKind::Supplement => person.named.union(says.names),
    };
    let is_right = says.is_meant
        && says.names == says.named
        && says.names.minus(theirs).is_empty()
        && theirs.minus(told).is_empty();
    match (is_right, person.has_address) {
        (false, _) => Err(unsuited(person)),
        (true, false) => Err(WithheldReason::NoAddress),
        (true, true) => Ok(()),
    }
}

/// Why what was approved does not suit a person any more, by what is still to be told to them.
fn unsuited<C>(person: &Person<C>) -> WithheldReason {
    let is_retracted = person.standing == PersonStanding::Retracted;
    let is_known = person.unnamed().is_empty() && person.told_wrongly().is_empty();
    match (is_known, is_retracted, person.told.is_some()) {
        (true, true, _) => WithheldReason::NotAffected,
        (true, false, true) => WithheldReason::AlreadyTold,
        _ => WithheldReason::Changed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::element::Element;
    use crate::id::{IncidentId, PersonId};
    use crate::person::place::Locale;
    use crate::person::{Facts, ToldBy, standing};

    const ALL: [Element; 3] = [Element::Name, Element::Email, Element::Phone];

    fn set() -> impl Strategy<Value = ElementSet> {
        proptest::sample::subsequence(ALL.to_vec(), 0..=3)
            .prop_map(|some| some.into_iter().collect())
    }

    prop_compose! {
        fn person()(
            exposed in set(),
            named in set(),
            flags in (0..32).prop_map(|bits| Flags::from_bits(bits).unwrap()),
            in_scope in any::<bool>(),
            told in any::<bool>(),
            reachable in any::<bool>(),
            is_condemned in any::<bool>(),
        ) -> Person<()> {
            let has_address = reachable || !is_condemned;
            let told = told.then_some(ToldBy::Email);
            let owes = !exposed.minus(named).is_empty();
            Person {
                id: PersonId::from_uuid(uuid::Uuid::nil()),
                incident: IncidentId::from_uuid(uuid::Uuid::nil()),
                contact: (),
                exposed,
                named,
                locale: Locale::parse("en").unwrap(),
                jurisdiction: None,
                flags,
                standing: standing(Facts { in_scope, told, owes, flags, reachable }),
                withheld: None,
                told,
                reachable,
                has_address,
                email_key: None,
                link_epoch: 0,
            }
        }
    }

    prop_compose! {
        fn says()(
            kind in proptest::sample::select(CampaignKind::ALL.to_vec()),
            is_meant in any::<bool>(),
            named in set(),
            other in set(),
            same in any::<bool>(),
        ) -> Says {
            Says { kind, is_meant, named, names: if same { named } else { other } }
        }
    }

    /// The same as `unsuited`, element by element.
    fn reason(person: &Person<()>) -> WithheldReason {
        let in_scope = person.standing != PersonStanding::Retracted;
        let agrees = |element: &Element| {
            (in_scope && person.exposed.contains(*element)) == person.named.contains(*element)
        };
        let knows = ALL.iter().all(agrees);
        if knows && !in_scope {
            WithheldReason::NotAffected
        } else if knows && person.told.is_some() {
            WithheldReason::AlreadyTold
        } else {
            WithheldReason::Changed
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_is_sent_is_right_in_every_point_and_what_is_not_has_the_reason(
            person in person(), says in says()
        ) {
            let sent = fits(&person, &says);
            let forbidden = person.flags.withheld_reason();
            let right = |element: &Element| {
                let theirs = person.standing != PersonStanding::Retracted
                    && person.exposed.contains(*element);
                let known = says.kind != CampaignKind::Correction && person.named.contains(*element);
                let is_named = says.names.contains(*element);
                is_named == says.named.contains(*element)
                    && (!is_named || theirs)
                    && (!theirs || is_named || known)
            };
            let changed = !says.is_meant || !ALL.iter().all(right);
            let expected = match forbidden {
                Some(reason) => Err(reason),
                None if changed => Err(reason(&person)),
                None if !person.has_address => Err(WithheldReason::NoAddress),
                None => Ok(()),
            };
            prop_assert_eq!(sent, expected);
        }

        #[test]
        fn whoever_gets_it_knows_all_and_nothing_else_of_it(person in person(), says in says()) {
            if fits(&person, &says).is_ok() {
                let named = match says.kind {
                    CampaignKind::Correction => says.named,
                    _ => person.named.union(says.named),
                };
                prop_assert!(person.exposed_now().minus(named).is_empty());
                prop_assert!(says.named.minus(person.exposed_now()).is_empty());
            }
        }
    }
}
