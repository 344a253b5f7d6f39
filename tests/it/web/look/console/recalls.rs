//! The pages of recalls, in each of their forms.

use candor::campaign::CampaignStatus;
use candor::recall::RecallStatus;
use candor::recall::readers::Count;
use candor::web::console::recall::list::{Proposal, RecallRow, Recalls};
use candor::web::console::recall::page::{RecallPage, TextRow};
use candor::web::console::recall::people::{ReaderRow, Readers};

use super::*;

const ID: &str = "rcl_01900000000070008000000000000001";

fn list(form: Option<Proposal>, recalls: Vec<RecallRow>) -> Recalls {
    Recalls {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: HOSTILE.into(),
        recalls,
        form,
    }
}

fn proposal() -> Proposal {
    Proposal {
        versions: vec![
            choice("", "Any text that has the words below"),
            choice("tpl_1:3", HOSTILE),
        ],
        words: HOSTILE.into(),
        corrections: vec![
            ("en".into(), HOSTILE.into()),
            (String::new(), String::new()),
        ],
        ..Proposal::default()
    }
}

fn text(status: CampaignStatus) -> TextRow {
    TextRow {
        campaign: "cmp_1".into(),
        name: HOSTILE.into(),
        status,
        languages: "en, es".into(),
    }
}

fn one(status: RecallStatus) -> RecallPage {
    RecallPage {
        desk: desk(Area::Incidents),
        id: ID.into(),
        slug: "august-2021".into(),
        title: HOSTILE.into(),
        what: HOSTILE.into(),
        status,
        version: 1,
        texts: vec![text(CampaignStatus::Sending)],
        waiting: vec![text(CampaignStatus::Approved)],
        count: Some(Count {
            sent: 100_000,
            perhaps: 14,
            used: 321,
        }),
        corrections: vec![
            ("en".into(), HOSTILE.into()),
            ("ar".into(), "حدث ذلك في 5 يونيو.".into()),
        ],
        proposed_by: HOSTILE.into(),
        proposed_at: ago(90),
        published: None,
        may_publish: true,
        may_steer: true,
        templates: vec![],
        template: String::new(),
        faults: Faults::default(),
        log: log(),
    }
}

/// Adds the pages.
pub fn draw(add: Add<'_>) {
    let row = |status| RecallRow {
        id: ID.into(),
        what: HOSTILE.into(),
        status,
        at: row(90),
    };
    let rows = RecallStatus::ALL.iter().map(|status| row(*status));
    add("recalls", &list(Some(proposal()), rows.collect()));
    let refused = Proposal {
        faults: fault("text-1", "Write the correction."),
        ..proposal()
    };
    add("recalls_refused", &list(Some(refused), vec![]));
    add(
        "recalls_nothing_sent",
        &list(Some(Proposal::default()), vec![]),
    );
    add("recalls_read_only", &list(None, vec![]));
    add("recall_proposed", &one(RecallStatus::Proposed));
    let refused = RecallPage {
        faults: fault("password", "This is not your password."),
        ..one(RecallStatus::Proposed)
    };
    add("recall_refused", &refused);
    let own = RecallPage {
        may_publish: false,
        count: None,
        ..one(RecallStatus::Proposed)
    };
    add("recall_own", &own);
    let published = RecallPage {
        may_publish: false,
        published: Some((HOSTILE.into(), ago(30))),
        waiting: vec![],
        templates: vec![choice("", "Choose a template"), choice("tpl_1", HOSTILE)],
        ..one(RecallStatus::Published)
    };
    add("recall_published", &published);
    let undrafted = RecallPage {
        faults: fault("draft_template", "Choose a template."),
        ..published
    };
    add("recall_undrafted", &undrafted);
    let over = RecallPage {
        may_publish: false,
        may_steer: false,
        ..one(RecallStatus::Withdrawn)
    };
    add("recall_withdrawn", &over);
    draw_people(add);
}

/// Adds the pages of the people of a recall.
fn draw_people(add: Add<'_>) {
    let reader = |certain, used| ReaderRow {
        notice: "ntc_1".into(),
        reference: HOSTILE.into(),
        certain,
        at: row(60),
        used,
    };
    let people = Readers {
        desk: desk(Area::Incidents),
        id: ID.into(),
        what: HOSTILE.into(),
        people: vec![reader(true, true), reader(false, false)],
        next: Some("per_1".into()),
    };
    add("recall_people", &people);
    let nobody = Readers {
        people: vec![],
        next: None,
        ..people
    };
    add("recall_nobody", &nobody);
}
