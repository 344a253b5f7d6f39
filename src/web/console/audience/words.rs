//! The parts of an audience in words.

use crate::campaign::audience::{Earlier, Listed};
use crate::campaign::{Audience, CampaignKind};
use crate::person::narrowing::Wave;
use crate::web::figures::count;

/// Per mille as per cent: `10 %`, `12.5 %`.
pub(crate) fn percent(of: u16) -> String {
    match (of / 10, of % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// What narrows an audience further than jurisdiction, locale, one of some elements and one of some flags.
pub(crate) fn narrowed(of: &Audience, kind: CampaignKind) -> Vec<String> {
    let mut words = Vec::new();
    let (all, none) = match kind {
        CampaignKind::Correction => ("who were told of all of", "who were told of none of"),
        CampaignKind::Initial | CampaignKind::Supplement => ("who lost all of", "who lost none of"),
    };
    for (what, elements, and) in [
        (all, of.elements_all, " and "),
        (none, of.elements_none, " or "),
    ] {
        if !elements.is_empty() {
            words.push(format!("{what} {}", elements.to_string().replace(';', and)));
        }
    }
    if !of.flags_none.is_empty() {
        let flags = of.flags_none.to_string().replace(';', " or ");
        words.push(format!("without the flag {flags}"));
    }
    words.extend(of.earlier.as_ref().map(earlier));
    words.extend(
        of.only_listed
            .map(|list| format!("who are on a list of {}", listed(list))),
    );
    words.extend(
        of.not_listed
            .map(|list| format!("who are not on a list of {}", listed(list))),
    );
    words.extend(of.wave.map(wave));
    words
}

fn earlier(of: &Earlier) -> String {
    let states: Vec<_> = of.statuses.iter().map(|status| status.as_str()).collect();
    format!(
        "with a notice of {} that is {}",
        of.campaign,
        states.join(" or ")
    )
}

/// `120 references`.
pub(crate) fn listed(of: Listed) -> String {
    match of.references {
        1 => "1 reference".to_owned(),
        n => format!("{} references", count(n.into())),
    }
}

fn wave(of: Wave) -> String {
    match of.from() {
        0 => format!("the first {} % of them", percent(of.to())),
        from => format!(
            "the part from {} % to {} % of them",
            percent(from),
            percent(of.to())
        ),
    }
}
