//! Dashboard, incidents, fact sheets and lists.

use super::*;

fn account(unnotified_elements: i64) -> Account {
    Account {
        unnotified_elements,
        ..design::account(now())
    }
}

fn dashboard() -> Dashboard {
    let need = |tone, text: &str, href: &str, action: &str| Task {
        tone,
        text: text.into(),
        href: href.into(),
        action: action.into(),
    };
    let incident = |slug: &str, title: &str, state, account| Accounted {
        slug: slug.into(),
        title: title.into(),
        state,
        account,
    };
    Dashboard {
        desk: desk(Area::Dashboard),
        tasks: vec![
            need(
                Tone::Act,
                "“Supplement: phone and IMEI” waits for a second person since 02:40.",
                "/console/campaigns/1",
                "Review it",
            ),
            need(
                Tone::Look,
                "The oldest ticket has waited 2 h; its answer is due in 20 min.",
                "/console/helpline",
                "See the queue",
            ),
        ],
        incidents: vec![
            incident(
                "august-2021",
                "Data theft of August 2021",
                IncidentState::Notifying,
                Some(account(7_800_000)),
            ),
            incident("hostile", HOSTILE, IncidentState::Suspected, None),
        ],
        running: vec![Running {
            id: "cam_1".into(),
            name: "Notice of data breach".into(),
            kind: "initial".into(),
            incident: "Data theft of August 2021".into(),
            about: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC, to people who were told nothing so far".into(),
            which: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC".into(),
            status: CampaignStatus::Sending,
            sent: 48_213_004,
            of: "of 54,600,000 sent".into(),
            done: 48_260_000,
            total: 54_600_000,
            pace: "6,120/s · about 17 min left".into(),
            held: String::new(),
        }],
    }
}

fn facts() -> Vec<Fact> {
    let fact = |key: &str, value: &str| Fact {
        key: key.into(),
        value: value.into(),
    };
    vec![
        fact(
            "what_happened",
            "Between 3 March and 16 August 2021 a person broke into our test systems and copied customer files.",
        ),
        fact(
            "what_we_are_doing",
            "We closed the entry on 16 August and reset all PINs.",
        ),
    ]
}

fn update(kind: UpdateKind, minutes: i64, text: &str) -> Update {
    Update {
        kind,
        at: ago(minutes),
        text: text.into(),
    }
}

fn updates() -> Vec<Update> {
    vec![
        update(
            UpdateKind::Corrected,
            3 * 1440,
            "Phone numbers were taken too. We said the opposite on Tuesday.",
        ),
        update(
            UpdateKind::Known,
            6 * 1440,
            "Data of about 48.6 million people was taken.",
        ),
    ]
}

fn scopes() -> Vec<ScopeRow> {
    let scope = |version, status, accepted, rejected| ScopeRow {
        version,
        status: ShownScope::Status(status),
        accepted,
        rejected,
        at: row(version * -900 + 9000),
    };
    vec![
        scope(3, ScopeStatus::Draft, 667_000, 0),
        scope(2, ScopeStatus::Active, 54_600_000, 1_204),
        scope(1, ScopeStatus::Superseded, 48_600_000, 310),
    ]
}

fn incident() -> IncidentPage {
    IncidentPage {
        desk: ConsoleFrame {
            flash: Some(Flash {
                tone: Tone::Done,
                text: "Fact sheet saved. Notices not yet sent use it.".into(),
            }),
            ..desk(Area::Incidents)
        },
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        state: IncidentState::Notifying,
        version: 1,
        next: vec![action("monitoring", "Monitor", "", "", "")],
        account: Some(account(7_800_000)),
        facts: facts(),
        facts_faults: Faults::default(),
        updates: updates(),
        publish: Some(Publish {
            kind: "known".into(),
            text: "We closed the way in.".into(),
            preview: vec![update(UpdateKind::Known, 0, "We closed the way in.")],
            ..Publish::default()
        }),
        scopes: scopes(),
        campaigns: campaign_rows(),
        log: log(),
        has_older_acts: true,
        may_edit: true,
        may_draft: true,
        forget: Some(ForgetForm {
            reasons: vec!["1 campaign is under way: let it end, or cancel it".into()],
            ..ForgetForm::default()
        }),
        forgotten: None,
        is_public: true,
        publication: "1 change is not public. Last published 3 d ago.".into(),
        tasks: vec![Task {
            tone: Tone::Look,
            text: "5 people died: their next of kin are to be told.".into(),
            href: "/console/incidents/august-2021/letters".into(),
            action: "Take the list".into(),
        }],
        untold: Untold {
            in_progress: 6_082_994,
            needs_letter: 92,
            ..Untold::default()
        },
    }
}

/// What publishing the fact sheet would change.
fn facts_preview() -> facts::Preview {
    let row = |key: &str, before: Option<&str>, after: Option<&str>, places: &str| facts::Row {
        change: Change {
            key: key.into(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        },
        places: places.into(),
    };
    facts::Preview {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        version: 7,
        title_before: Some("A possible data theft".into()),
        rows: vec![
            row(
                "what_happened",
                Some("Somebody claims to have our customers' data."),
                Some(
                    "A person copied files of 48.6 million customers between 3 March and 16 August 2021.",
                ),
                "public page, status pages",
            ),
            row(
                "what_happened_es",
                None,
                Some("Una persona copió archivos de 48,6 millones de clientes."),
                "status pages of people who read “es”",
            ),
            row(
                "rumour",
                Some("We are looking into it."),
                None,
                "public page, status pages",
            ),
        ],
        same: 4,
        notes: vec![
            "Pages say that “what_happened” was corrected, when, and what it said before.".into(),
        ],
        marks: true,
        last: Some(ago(3 * 1440)),
        is_public: true,
        is_forgotten: false,
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    add("c_dashboard", &dashboard());
    let stopped = Stopped {
        at: ago(3),
        by: "Ines Duarte".into(),
    };
    add(
        "c_dashboard_stopped",
        &Dashboard {
            desk: ConsoleFrame {
                stopped: Some(stopped),
                ..desk(Area::Dashboard)
            },
            tasks: Vec::new(),
            incidents: Vec::new(),
            running: Vec::new(),
        },
    );
    let incident_row = |slug: &str, title: &str, state, people, notified| IncidentRow {
        slug: slug.into(),
        title: title.into(),
        state,
        people,
        notified,
        opened_at: ago(12_000),
    };
    add(
        "c_incidents",
        &Incidents {
            desk: desk(Area::Incidents),
            incidents: vec![
                incident_row(
                    "august-2021",
                    "Data theft of August 2021",
                    IncidentState::Notifying,
                    54_600_000,
                    48_213_004,
                ),
                incident_row("hostile", HOSTILE, IncidentState::Dismissed, 0, 0),
            ],
            new: Some(NewIncident {
                slug: "August 2021".into(),
                faults: fault(
                    "slug",
                    "Use small letters, digits and dashes only: august-2021",
                ),
                ..NewIncident::default()
            }),
        },
    );
    add(
        "c_incidents_empty",
        &Incidents {
            desk: desk(Area::Incidents),
            incidents: Vec::new(),
            new: Some(NewIncident::default()),
        },
    );
}

/// Adds the pages of one incident.
pub(super) fn draw_one(add: Add<'_>) {
    add("c_incident", &incident());
    add("c_facts", &facts_preview());
    add(
        "c_incident_read",
        &IncidentPage {
            may_edit: false,
            publish: None,
            scopes: Vec::new(),
            campaigns: Vec::new(),
            account: None,
            ..incident()
        },
    );
}
