//! An audience asked by hand, in SQL that shares nothing with the program's.

use candor::campaign::Audience;
use candor::campaign::audience::Earlier;

use super::*;

/// The audience asked by hand: its people, and those of them who get a message.
pub(super) fn by_hand(
    kind: CampaignKind,
    of: &Audience,
    first: CampaignId,
    ids: &[Vec<uuid::Uuid>; 2],
) -> (String, String) {
    let who = of.who(kind);
    let wrong = "(case st when 'retracted' then n else n & ~e end)";
    let (base, meant, about) = match who {
        Who::ToldNothing => ("st <> 'retracted'", "told is null".to_owned(), "e"),
        Who::OwedMore => (
            "st <> 'retracted'",
            "told is not null and e & ~n <> 0".to_owned(),
            "e",
        ),
        Who::OverTold => ("st <> 'retracted'", format!("{wrong} <> 0"), wrong),
        Who::RetractedAfterNotice => ("st = 'retracted'", "n <> 0".to_owned(), wrong),
        Who::WronglyTold => ("true", format!("{wrong} <> 0"), wrong),
        Who::Told => ("true", "told is not null".to_owned(), "n"),
        Who::Everyone => unreachable!("no kind has it"),
    };
    let mut also = vec![meant, "flags & 26 = 0".to_owned(), "mail".to_owned()];
    also.extend(inside(of, about));
    also.extend(found(of, first, ids));
    let notices = |is: &str| {
        format!(
            "id in (select x.person_id from notice x join campaign c on c.id = x.campaign_id
            where x.person_id = people.id and {is})"
        )
    };
    also.push(format!(
        "not {}",
        notices("c.status = 'sending' and x.status in ('queued', 'deferred', 'uncertain')")
    ));
    let may =
        notices("c.status = 'completed' and x.status = 'uncertain' and x.named & ~people.n <> 0");
    match (kind, of.may_have_been_told) {
        (CampaignKind::Correction, _) => {}
        (_, true) => also.push(may),
        (_, false) => also.push(format!("not {may}")),
    }
    (base.to_owned(), also.join(" and "))
}

/// What a person's own row says.
fn inside(of: &Audience, about: &str) -> Vec<String> {
    let mut also = Vec::new();
    let or = |all: Vec<String>| format!("({})", all.join(" or "));
    if !of.jurisdictions.is_empty() {
        let each = of.jurisdictions.iter();
        also.push(or(each
            .map(|one| format!("(jurisdiction || '-') like '{}-%'", one.as_str()))
            .collect()));
    }
    if !of.locales.is_empty() {
        let each = of.locales.iter();
        also.push(or(each
            .map(|one| format!("(locale || '-') like '{}-%'", one.as_str()))
            .collect()));
    }
    let bits = |set: ElementSet| set.bits();
    if !of.elements.is_empty() {
        also.push(format!("{about} & {} <> 0", bits(of.elements)));
    }
    also.push(format!("{about} & {0} = {0}", bits(of.elements_all)));
    also.push(format!("{about} & {} = 0", bits(of.elements_none)));
    if !of.flags.is_empty() {
        also.push(format!("flags & {} <> 0", of.flags.bits()));
    }
    also.push(format!("flags & {} = 0", of.flags_none.bits()));
    also
}

/// What other tables say of a person, and their place in the order of waves.
fn found(of: &Audience, first: CampaignId, ids: &[Vec<uuid::Uuid>; 2]) -> Vec<String> {
    let mut also = Vec::new();
    if let Some(Earlier { statuses, .. }) = &of.earlier {
        let states: Vec<_> = statuses.iter().map(|one| format!("'{one}'")).collect();
        also.push(format!(
            "id in (select person_id from notice where campaign_id = '{}' and status in ({}))",
            first.uuid(),
            states.join(", ")
        ));
    }
    for (listed, ids, is) in [
        (of.only_listed, &ids[0], ""),
        (of.not_listed, &ids[1], "not "),
    ] {
        if listed.is_some() {
            let ids: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
            also.push(format!("id {is}in ({})", ids.join(", ")));
        }
    }
    if let Some(wave) = of.wave {
        let part = "('x' || encode(substr(reference_key, 2, 3), 'hex'))::bit(24)::int % 1000";
        also.push(format!(
            "{part} >= {} and {part} < {}",
            wave.from(),
            wave.to()
        ));
    }
    also
}

pub(super) const PEOPLE: &str = "(select p.id, p.reference_key, p.jurisdiction, p.locale, p.flags, s.told::text as told,
    coalesce(s.exposed, p.exposed) as e, coalesce(s.named, p.named) as n, coalesce(s.standing, p.standing)::text as st,
    p.email_key is not null and (s.refused_key is null or s.refused_key <> p.email_key or s.refused_softly) as mail
    from person p left join person_since s on s.person_id = p.id) people";
