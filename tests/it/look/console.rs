//! The console's pages with sample data.

use candor::campaign::store::LeftOut;
use candor::delivery::store::tally::Part;
use candor::incident::change::Change;
use candor::incident::open::Untold;
use candor::person::AudienceCount;
use candor::staff::Right;
use candor::web::console::account::PersonLine;
use candor::web::console::audit::{AuditLog, AuditRow, Filter};
use candor::web::console::call::CallForm;
use candor::web::console::campaign::CampaignPage;
use candor::web::console::campaign_rows::CampaignRow;
use candor::web::console::campaigns::{Campaigns, NewCampaign};
use candor::web::console::content::{Content, Words};
use candor::web::console::dashboard::{Accounted, Dashboard, Need, Running};
use candor::web::console::design::Design;
use candor::web::console::import::{Import, Waiting};
use candor::web::console::incident::{Farewell, IncidentPage, Publish, ScopeRow};
use candor::web::console::incidents::{IncidentRow, Incidents, NewIncident};
use candor::web::console::ledger::{Ledger, Letter, Told};
use candor::web::console::letters::{
    Asked as LetterAsked, BatchLine, LettersPage, ListLine, Typed,
};
use candor::web::console::me::{Me, SessionRow};
use candor::web::console::notices::{NoticeRow, Notices};
use candor::web::console::outbox::{LetterRow, OpenLetter, Outbox};
use candor::web::console::outcomes::{Outcomes, RelayRow, ReplyRow};
use candor::web::console::problem::ProblemPage;
use candor::web::console::progress::Counts;
use candor::web::console::reach::{Acknowledgement, Reach, Reader};
use candor::web::console::rejected::{Reason, Reject, Rejected};
use candor::web::console::scopes::{Asked, Delta, ScopeReport};
use candor::web::console::sign_in::SignIn;
use candor::web::console::staff::{KeyRow, StaffList, StaffRow};
use candor::web::console::template::{Finding, Preview, TemplatePage, Variant, Within};
use candor::web::console::templates::{NewTemplate, TemplateRow, Templates};
use candor::web::console::{Account, Choice, Deed, Done, facts};
use candor::web::figures::{Chart, Column};
use candor::web::page::{Area, Desk, Fault, Faults, Flash, Stopped, Tone};
use candor::web::public::{Fact, Update};

use super::helpline;
use super::{HOSTILE, Pages, ago, now, row};

/// The frame, somewhere.
pub fn desk(area: Area) -> Desk {
    Desk {
        organisation: "Northline Mobile".into(),
        name: "Ada Moreno".into(),
        roles: vec!["comms".into(), "approver".into()],
        csrf: "sample-csrf".into(),
        area,
        stopped: None,
        doubt: None,
        unasked: false,
        may_stop: true,
        rights: Right::ALL.to_vec(),
        main: Area::MAIN.to_vec(),
        more: Area::MORE.to_vec(),
        flash: None,
    }
}

/// A deed without a question.
pub fn deed(name: &str, words: &str, look: &'static str, sure: &str, blocked: &str) -> Deed {
    Deed {
        name: name.into(),
        words: words.into(),
        look,
        sure: sure.into(),
        tick: String::new(),
        blocked: blocked.into(),
    }
}

/// An option.
pub fn choice(value: &str, words: &str) -> Choice {
    Choice {
        value: value.into(),
        words: words.into(),
    }
}

/// One sentence about one field.
pub fn fault(field: &str, text: &str) -> Faults {
    Faults(vec![Fault {
        field: field.into(),
        text: text.into(),
    }])
}

fn account(unnotified_elements: i64) -> Account {
    Account {
        people: 54_600_000,
        notified: 48_213_004,
        notified_by_post: 1_204,
        notified_otherwise: 12,
        in_progress: 6_082_994,
        needs_letter: 301_889,
        withheld: 2_113,
        unexplained: 0,
        unnotified_elements,
        told_too_much: 0,
        correction_letters: 0,
        guardian_letters: 0,
        guardian_in_progress: 0,
        as_of: ago(0),
    }
}

fn dashboard() -> Dashboard {
    let need = |tone, text: &str, href: &str, deed: &str| Need {
        tone,
        text: text.into(),
        href: href.into(),
        deed: deed.into(),
    };
    let incident = |slug: &str, title: &str, state: &str, account| Accounted {
        slug: slug.into(),
        title: title.into(),
        state: state.into(),
        account,
    };
    Dashboard {
        desk: desk(Area::Dashboard),
        needs: vec![
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
                "notifying",
                Some(account(7_800_000)),
            ),
            incident("hostile", HOSTILE, "suspected", None),
        ],
        running: vec![Running {
            id: "cam_1".into(),
            name: "Notice of data breach".into(),
            kind: "initial".into(),
            incident: "Data theft of August 2021".into(),
            about: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC, to people who were told nothing so far".into(),
            which: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC".into(),
            status: "sending".into(),
            sent: 48_213_004,
            of: "of 54,600,000 sent".into(),
            done: 48_260_000,
            total: 54_600_000,
            pace: "6,120/s · about 17 min left".into(),
            held: String::new(),
        }],
    }
}

fn done(who: &str, what: &str, minutes: i64) -> Done {
    Done {
        who: who.into(),
        what: what.into(),
        at: ago(minutes),
    }
}

fn log() -> Vec<Done> {
    vec![
        done("Ada Moreno", "resumed the campaign", 42),
        done("Candor", "paused it: 5.2 % bounced, the limit is 5 %", 55),
        done("Ada Moreno", "launched the campaign", 130),
        done("Ines Duarte", "approved exactly this content", 140),
    ]
}

fn campaign_row(id: &str, name: &str, kind: &str, status: &str, sent: i64) -> CampaignRow {
    CampaignRow {
        id: id.into(),
        name: name.into(),
        incident: "Data theft of August 2021".into(),
        kind: kind.into(),
        about: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC, to people who were told nothing so far".into(),
        status: status.into(),
        void: String::new(),
        sent: Some((sent, 54_600_000)),
    }
}

fn campaign_rows() -> Vec<CampaignRow> {
    vec![
        campaign_row(
            "cam_2",
            "Supplement: phone and IMEI",
            "supplement",
            "in_review",
            0,
        ),
        campaign_row(
            "cam_1",
            "Notice of data breach",
            "initial",
            "sending",
            48_213_004,
        ),
        campaign_row("cam_0", HOSTILE, "initial", "cancelled", 0),
    ]
}

fn incident() -> IncidentPage {
    let fact = |key: &str, value: &str| Fact {
        key: key.into(),
        value: value.into(),
    };
    let say = |kind: &str, minutes, text: &str| Update {
        kind: kind.into(),
        at: ago(minutes),
        text: text.into(),
    };
    let scope = |version, status: &str, accepted, rejected| ScopeRow {
        version,
        status: status.into(),
        accepted,
        rejected,
        at: row(version * -900 + 9000),
    };
    IncidentPage {
        desk: Desk {
            flash: Some(Flash {
                tone: Tone::Done,
                text: "Fact sheet saved. Notices not yet sent use it.".into(),
            }),
            ..desk(Area::Incidents)
        },
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        state: "notifying".into(),
        version: 1,
        next: vec![deed("monitoring", "Monitor", "", "", "")],
        account: Some(account(7_800_000)),
        facts: vec![
            fact(
                "what_happened",
                "Between 3 March and 16 August 2021 a person broke into our test systems and copied customer files.",
            ),
            fact(
                "what_we_are_doing",
                "We closed the entry on 16 August and reset all PINs.",
            ),
        ],
        facts_faults: Faults::default(),
        updates: vec![
            say(
                "corrected",
                3 * 1440,
                "Phone numbers were taken too. We said the opposite on Tuesday.",
            ),
            say(
                "known",
                6 * 1440,
                "Data of about 48.6 million people was taken.",
            ),
        ],
        publish: Some(Publish {
            kind: "known".into(),
            text: "We closed the way in.".into(),
            preview: vec![say("known", 0, "We closed the way in.")],
            ..Publish::default()
        }),
        scopes: vec![
            scope(3, "draft", 667_000, 0),
            scope(2, "active", 54_600_000, 1_204),
            scope(1, "superseded", 48_600_000, 310),
        ],
        campaigns: campaign_rows(),
        log: log(),
        has_older_acts: true,
        may_edit: true,
        may_draft: true,
        farewell: Some(Farewell {
            reasons: vec!["1 campaign is under way: let it end, or cancel it".into()],
            ..Farewell::default()
        }),
        forgotten: None,
        is_public: true,
        publication: "1 change is not public. Last published 3 d ago.".into(),
        waits: vec![Need {
            tone: Tone::Look,
            text: "5 people died: their next of kin are to be told.".into(),
            href: "/console/incidents/august-2021/letters".into(),
            deed: "Take the list".into(),
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
        last: Some(ago(3 * 1440)),
        is_public: true,
        is_forgotten: false,
    }
}

fn scope_report() -> ScopeReport {
    let reject = |line: i64, column: &str, cell: &str, reason: &str| Reject {
        line: line.to_string(),
        column: column.into(),
        cell: cell.into(),
        reason: reason.into(),
    };
    let rows = vec![
        reject(
            2,
            "elements",
            "mothers_maiden_name",
            "There is no element “mothers_maiden_name”.",
        ),
        reject(
            48_112,
            "email",
            "ada@",
            "The address has no host after the @.",
        ),
        reject(
            1_000_204,
            "",
            "R-7 | Ada | Moreno | ada@example.org",
            "The row has 4 cells, the first line has 9.",
        ),
    ];
    let reason = |rows, example: &Reject| Reason {
        rows,
        words: example.reason.clone(),
        example: example.clone(),
    };
    ScopeReport {
        revision: "0123456789abcdef".into(),
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Data theft of August 2021".into(),
        version: 2,
        status: "draft".into(),
        mode: "delta".into(),
        by: "Ada Moreno".into(),
        at: ago(4),
        accepted: 13_767_000,
        rejected: 1_204,
        done: 64,
        questions: vec![
            Asked {
                name: "rejected",
                value: "1204".into(),
                answers: Vec::new(),
                words: "The list takes effect without the refused rows: 1204 of 13768204.".into(),
            },
            Asked {
                name: "lifted",
                value: "hold:3".into(),
                words: "The flag hold is lifted from 3 people.".into(),
                answers: Vec::new(),
            },
            Asked {
                name: "identity",
                value: "7".into(),
                words: "7 references seem to name another person now: the name is new, and no e-mail address stays. Of the former people 2 were told.".into(),
                answers: vec![
                    ("same:7".into(), "Each of the 7 names the same person, whose name and address changed.".into()),
                    ("another:7".into(), "Each of the 7 names another person.".into()),
                    ("later".into(), "Not now: the draft waits, and nothing changes.".into()),
                ],
            },
        ],
        died: false,
        delta: Delta {
            by_jurisdiction: vec![("US-CA".to_owned(), 12, 3)],
            by_element: vec![("ssn".to_owned(), 7, 0)],
            people_added: 5_967_000,
            elements_added: 23_400_000,
            elements_retracted: 0,
            people_retracted: 12,
            contact_changes: 1_300,
            identity_changes: 7,
            identity_changes_told: 2,
            another_people: 0,
            emails_lost: 4,
            addresses_lost: 3,
            told_too_much: 0,
            told_retracted: 3,
            kept: 5,
            by_flag: vec![("hold".to_owned(), 1, 3)],
            replaced: 25,
            refused_again: 1,
            added_files: 1,
            absent: "locale, address".into(),
        },
        lines: "13,768,206 lines = 1 header + 13,767,000 accepted + 1,204 refused + 1 blank".into(),
        ends_open: true,
        refused: Rejected {
            reasons: vec![
                reason(1_200, &rows[0]),
                reason(3, &rows[1]),
                reason(1, &rows[2]),
            ],
            rows,
        },
        deeds: vec![
            deed(
                "activate",
                "Activate v2",
                "",
                "It takes effect at once: 5,967,000 people are owed a notice, 7,800,000 a supplement. It cannot be taken back, only corrected by v3.",
                "",
            ),
            deed(
                "discard",
                "Discard",
                "danger",
                "The draft and its rejects go. Nothing else changes.",
                "",
            ),
        ],
        faults: fault("confirm-1", "As it is now: 9 people leave the scope."),
    }
}

fn template() -> TemplatePage {
    let variant = |locale: &str, language: &str, subject: &str, body: &str| Variant {
        locale: locale.into(),
        language: language.into(),
        subject: subject.into(),
        body: body.into(),
    };
    let body = "# Your data was stolen from us\n\nOn {{ facts.when }} somebody took data about you.\n\n## What of yours\n\n{{ elements }}\n\n## What to do now\n\n{{ guidance }}\n";
    TemplatePage {
        desk: desk(Area::Templates),
        id: "tpl_1".into(),
        name: "Notice of data breach".into(),
        version: 3,
        by: "Ada Moreno".into(),
        at: ago(300),
        campaigns: 2,
        variants: vec![
            variant("en", "English", "Your data was stolen from us", body),
            variant("es", "Español", "Robaron sus datos de nuestros sistemas", body),
            variant("ar", "العربية", "سُرقت بياناتك من أنظمتنا", "## ماذا حدث"),
        ],
        names: "ssn;phone".into(),
        locale: "en".into(),
        findings: vec![
            Finding { tone: Tone::Act, place: "body, line 12".into(), text: "{{ fact.when }} is not a known placeholder. Did you mean {{ facts.when }}?".into() },
            Finding { tone: Tone::Look, place: "body, line 3".into(), text: "“may have been” hedges. Say what is known.".into() },
        ],
        preview: Some(Preview {
            person: "a sample person in California, 4 elements".into(),
            subject: "Your data was stolen from us".into(),
            text: "Northline Mobile\n\nYOUR DATA WAS STOLEN FROM US\n\nOn 16 August 2021 somebody took data about you.\n\nhttps://notice.northline.example/s/c2FtcGxlLXRva2VuLXRoYXQtaXMtbG9uZy1lbm91Z2gtdG8td3JhcA\n".into(),
            html: "letter_sample.html".into(),
        }),
        within: Within::default(),
        unsaved: false,
        based_on: 3,
        faults: Faults::default(),
        may_edit: true,
    }
}

fn chart() -> Chart {
    let column = |minute: i64| Column {
        label: (now() - chrono::TimeDelta::minutes(30 - minute))
            .format("%H:%M")
            .to_string(),
        figures: match minute {
            0..4 => vec![1_200 + minute * 40, 6, 2],
            4..7 => vec![0, 0, 0],
            _ => vec![
                280_000 + (minute % 7) * 14_000,
                9_000 + minute * 200,
                19_000 + minute * 150,
            ],
        },
        mark: match minute {
            0 => Some("canary".into()),
            7 => Some("everyone".into()),
            _ => None,
        },
    };
    Chart {
        title: "Outcomes per minute".into(),
        layers: vec![("sent", "done"), ("put off", "look"), ("refused", "act")],
        columns: (0..30).map(column).collect(),
    }
}

fn counts() -> Counts {
    Counts {
        queued: 6_070_180,
        sending: 64,
        sent: 48_213_004,
        deferred: 12_410,
        bounced: 301_889,
        uncertain: 14,
        withheld: 2_113,
        ..Counts::default()
    }
}

fn came() -> Outcomes {
    let reply = |code: &str, words: &str, count| ReplyRow {
        code: code.into(),
        words: words.into(),
        count,
    };
    let part = |name: &str, sent, put_off, refused| Part {
        name: name.into(),
        sent,
        put_off,
        refused,
    };
    Outcomes {
        left_out: LeftOut {
            changed: 12,
            no_address: 3,
            not_affected: 2,
            already_told: 1,
        },
        chart: Some(chart()),
        replies: vec![
            reply("250", "taken", 48_213_004),
            reply("550 5.1.1", "no such mailbox", 288_412),
            reply("421 4.7.0", "too many at once", 12_410),
        ],
        relays: vec![
            RelayRow {
                state: "open".into(),
                connections: 64,
                part: part("primary", 48_213_000, 12_410, 301_889),
            },
            RelayRow {
                state: "held for 4 min: it is away".into(),
                connections: 0,
                part: part("second", 4, 0, 0),
            },
        ],
        providers: vec![
            part("google", 20_118_004, 9_004, 88_412),
            part("other", 28_095_000, 3_406, 213_477),
        ],
    }
}

fn campaign() -> CampaignPage {
    CampaignPage {
        maybe_arrived: Some(0),
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        slug: "august-2021".into(),
        incident: "Data theft of August 2021".into(),
        kind: "initial".into(),
        which: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC".into(),
        status: "sending".into(),
        version: 12,
        total: Some(54_600_000),
        is_whole: true,
        is_held: false,
        defaults: Vec::new(),
        counts: counts(),
        pace: "6,120/s · about 17 min left".into(),
        deadline: "deadline CA in 21 days".into(),
        speed: "As fast as approved. The helpline waits 6 min; above 15 min sending slows down."
            .into(),
        deeds: vec![
            deed("pause", "Pause", "", "", ""),
            deed(
                "cancel",
                "Cancel",
                "danger",
                "What was not sent yet is never sent by this campaign. It cannot be resumed.",
                "",
            ),
        ],
        void: String::new(),
        doubt: String::new(),
        reach: None,
        faults: Faults::default(),
        content: Content {
            template: "tpl_1".into(),
            template_name: "Notice of data breach".into(),
            template_version: 3,
            locales: ["en", "es", "ar", "zh-Hans", "vi", "tl", "ko", "ru"]
                .map(String::from)
                .into(),
            audience: "everyone in scope v2 not yet notified".into(),
            public_url: "https://help.northline.example".into(),
            from: "Northline <notice@northline.example>".into(),
            names: String::new(),
            rate: "8,000 a second".into(),
            limits: Vec::new(),
            first_slice: "one in a hundred of the people in scope, 1,000 at most; none where they are fewer than 1,000".into(),
            through_by: None,
            on_uncertain: "left as they are".into(),
            texts: vec![Words {
                locale: "en".into(),
                language: "English".into(),
                subject: "Notice of data breach".into(),
                text: "Dear Alex Example,\n\nSomebody copied your data.".into(),
            }],
            not_affected: vec![Words {
                locale: "en".into(),
                language: "English".into(),
                subject: "Notice of data breach".into(),
                text: "Dear Alex Example,\n\nWe were wrong: nothing of yours was copied.".into(),
            }],
            missing: vec!["contact_hours".into()],
            hash: "9f2c41d08be7a3f5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d".into(),
            author: "Ada Moreno".into(),
            approved: Some(done("Ines Duarte", "approved", 140)),
        },
        outcomes: came(),
        log: log(),
        has_older_acts: true,
        as_of: row(0),
        is_again: false,
    }
}

fn reach() -> Reach {
    let reader = |language: &str, people, text: &str| Reader {
        language: language.into(),
        people,
        text: text.into(),
        is_theirs: language == text,
    };
    Reach {
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

fn campaign_in_review() -> CampaignPage {
    CampaignPage {
        status: "in_review".into(),
        total: Some(7_800_000),
        kind: "supplement".into(),
        name: "Supplement: phone and IMEI".into(),
        counts: Counts::default(),
        pace: String::new(),
        speed: String::new(),
        deeds: vec![
            deed(
                "approve",
                "Approve",
                "",
                "",
                "You drafted it. Another person has to approve.",
            ),
            deed(
                "cancel",
                "Cancel",
                "danger",
                "It cannot be taken up again.",
                "",
            ),
        ],
        content: Content {
            approved: None,
            ..campaign().content
        },
        reach: Some(reach()),
        outcomes: Outcomes::default(),
        ..campaign()
    }
}

fn new_campaign() -> NewCampaign {
    NewCampaign {
        incidents: vec![choice("august-2021", "Data theft of August 2021")],
        templates: vec![choice("tpl_1", "Notice of data breach, version 3")],
        kinds: ["initial", "supplement", "correction"]
            .map(|k| choice(k, k))
            .into(),
        audiences: vec![choice("unnotified", "Everyone not yet notified: 667,000")],
        incident: "august-2021".into(),
        template: "tpl_1".into(),
        kind: "supplement".into(),
        audience: "unnotified".into(),
        elements: "ssn".into(),
        jurisdictions: "US-CA".into(),
        locales: "es".into(),
        flags: String::new(),
        maybe: true,
        rate: "fast".into(),
        faults: fault(
            "rate",
            "Enter a whole number, such as 500. 0 means no limit.",
        ),
    }
}

fn notices(status: &str) -> Notices {
    let notice = |reference: &str, address: &str, status: &str, attempts, reply: &str| NoticeRow {
        id: "ntc_1".into(),
        reference: reference.into(),
        address: address.into(),
        locale: "en".into(),
        status: status.into(),
        attempts,
        reply: reply.into(),
        at: row(attempts * 7),
        next: (status == "deferred").then(|| row(30)),
    };
    Notices {
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        status: status.into(),
        counts: counts(),
        notices: vec![
            notice(
                "C-1000204",
                "a•••@e•••.com",
                "sent",
                1,
                "250 2.0.0 accepted",
            ),
            notice(
                "C-1000205",
                "m•••@m•••.org",
                "deferred",
                3,
                "421 4.7.0 too many connections; next try at 03:20",
            ),
            notice("C-1000206", "", "withheld", 0, "no e-mail address: letter"),
        ],
        next: Some("cursor==".into()),
    }
}

fn letters() -> LettersPage {
    let list = |kind, who, people, waiting: i64| ListLine {
        kind,
        who,
        means: "For the mail house.",
        people,
        waiting: Some(waiting),
        by_post: kind != "kin",
        refused: String::new(),
        without_address: match kind {
            "letter" => "1 person has no postal address.".to_owned(),
            _ => String::new(),
        },
    };
    let batch = |by_post, waits, state: &str, on: &str| {
        BatchLine {
        id: format!("pst_0193{state}{by_post}"),
        kind: if by_post { "letters" } else { "next of kin" },
        at: row(90),
        by: HOSTILE.into(),
        people: 301_889,
        state: state.into(),
        on: on.into(),
        returned: if waits { 0 } else { 1_204 },
        not_posted: if waits { 0 } else { 2 },
        by_post,
        waits,
        form: Typed {
            on: "2026-12-03".into(),
            ..Typed::default()
        },
        asked: match waits {
            true => vec![LetterAsked {
                value: "legal_hold:21".into(),
                words: "21 people on this list are under a legal hold by now, and count as told all the same.".into(),
                some: vec![("/console/people/per_1".into(), HOSTILE.into())],
                more: 20,
            }],
            false => vec![],
        },
        unknown: waits && !by_post,
        former: String::new(),
    }
    };
    LettersPage {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Theft of customer data".into(),
        lists: vec![
            list("letter", "People whom no e-mail reaches", 301_889, 301_889),
            list("guardian", "Parents and guardians of minors", 1, 0),
            list("kin", "Next of kin of people who died", 0, 0),
        ],
        batches: vec![
            batch(true, true, "listed", ""),
            batch(false, true, "listed", ""),
            batch(true, false, "posted", "3 Dec 2026"),
        ],
        forgotten: String::new(),
        minors: "guardian_letter".into(),
        may: true,
        may_steer: true,
        links: "https://localhost".into(),
        channels: vec![choice("phone", "by telephone")],
        one: Typed {
            reference: HOSTILE.into(),
            ..Typed::default()
        },
        report: vec![
            "1 letter is recorded. 1 line was refused and changed nothing:".into(),
            "Line 3: there is no letter to this reference or with this code.".into(),
        ],
        faults: fault("reference", "Nobody of this incident has this reference."),
    }
}

fn ledger() -> Ledger {
    let told = |kind: &str, status: &str, names: &str, believed: &str, minutes| Told {
        id: "ntc_1".into(),
        kind: kind.into(),
        status: status.into(),
        at: row(minutes),
        names: names.into(),
        believed: believed.into(),
    };
    Ledger {
        desk: desk(Area::Incidents),
        slug: "august-2021".into(),
        title: "Theft of customer data".into(),
        person: PersonLine {
            id: "per_1".into(),
            reference: "C-1000204".into(),
            address: "a•••@e•••.com".into(),
            locale: "es-US".into(),
            jurisdiction: "US-CA".into(),
            standing: "notified".into(),
            reason: String::new(),
            exposed: "Social Security number, date of birth, name".into(),
            unnamed: "Social Security number".into(),
        },
        reference_changed: String::new(),
        named: "date of birth, name".into(),
        told: true,
        wrong: "date of birth".into(),
        flags: "minor".into(),
        notices: vec![
            told(
                "More about your data",
                "queued",
                "Social Security number",
                "v2: Social Security number, date of birth, name",
                3,
            ),
            told(
                "Notice of data breach",
                "sent",
                "date of birth, name",
                "v1: date of birth, name",
                4_000,
            ),
        ],
        letters: vec![Letter {
            batch: "pst_1".into(),
            what: "Letter".into(),
            state: "posted on 3 Dec 2026, came back: moved away (recorded on 9 Dec 2026)".into(),
            names: "name".into(),
        }],
        may_revoke: true,
        may_open: true,
    }
}

/// Adds every page of the console, in each of its forms.
pub fn draw(pages: &mut Pages) {
    let mut add = |name, page: &dyn askama::DynTemplate| {
        pages.insert(name, page.dyn_render().expect("rendered"));
    };
    add(
        "c_sign_in",
        &SignIn {
            organisation: "Northline Mobile".into(),
            csrf: "sample-csrf".into(),
            email: "ada@northline.example".into(),
            next: "/console".into(),
            faults: fault(
                "email",
                "This e-mail address and password do not fit together.",
            ),
            flash: None,
        },
    );
    add("c_dashboard", &dashboard());
    let stopped = Stopped {
        at: ago(3),
        by: "Ines Duarte".into(),
    };
    add(
        "c_dashboard_stopped",
        &Dashboard {
            desk: Desk {
                stopped: Some(stopped),
                ..desk(Area::Dashboard)
            },
            needs: Vec::new(),
            incidents: Vec::new(),
            running: Vec::new(),
        },
    );
    let incident_row = |slug: &str, title: &str, state: &str, people, notified| IncidentRow {
        slug: slug.into(),
        title: title.into(),
        state: state.into(),
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
                    "notifying",
                    54_600_000,
                    48_213_004,
                ),
                incident_row("hostile", HOSTILE, "dismissed", 0, 0),
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
    add(
        "c_import",
        &Import {
            desk: desk(Area::Incidents),
            slug: "august-2021".into(),
            title: "Data theft of August 2021".into(),
            version: 3,
            mode: "delta".into(),
            draft: Some(Waiting {
                version: 2,
                accepted: 475,
                rejected: 25,
                mode: "full".into(),
                revision: "0123456789abcdef".into(),
            }),
            over: String::new(),
            faults: fault(
                "file",
                "The column “pin” looks like stolen values. Remove it: Candor does not hold them.",
            ),
        },
    );
    add("c_scope", &scope_report());
    let template_row = TemplateRow {
        id: "tpl_1".into(),
        name: "Notice of data breach".into(),
        version: 3,
        locales: vec!["en".into(), "es".into(), "ar".into()],
        campaigns: 2,
        at: ago(300),
    };
    add(
        "c_templates",
        &Templates {
            desk: desk(Area::Templates),
            templates: vec![template_row],
            new: Some(NewTemplate::default()),
        },
    );
    add("c_template", &template());
    add(
        "c_campaigns",
        &Campaigns {
            desk: desk(Area::Campaigns),
            campaigns: campaign_rows(),
            new: Some(new_campaign()),
        },
    );
    add("c_campaign", &campaign());
    add(
        "c_campaign_paused",
        &CampaignPage {
            status: "paused".into(),
            is_held: true,
            deeds: vec![deed("resume", "Resume", "", "", "")],
            pace: "paused by Candor: 5.2 % bounced".into(),
            ..campaign()
        },
    );
    add("c_campaign_review", &campaign_in_review());
    add("c_notices", &notices("deferred"));
    add("c_person", &ledger());
    let nobody_wrote = Ledger {
        notices: Vec::new(),
        ..ledger()
    };
    add("c_person_untold", &nobody_wrote);
    add("c_letters", &letters());
    let staff = |name: &str, disabled| StaffRow {
        id: "staff_1".into(),
        name: name.into(),
        email: "ada@northline.example".into(),
        roles: vec!["comms".into(), "approver".into()],
        disabled,
        keys: vec![
            KeyRow {
                id: "key_0192f0c1e7a87b6e9d2c3b4a5f607182".into(),
                made: row(9_000),
                revoked: None,
            },
            KeyRow {
                id: "key_0192f0c1e7a87b6e9d2c3b4a5f607183".into(),
                made: row(90_000),
                revoked: Some(row(9_000)),
            },
        ],
    };
    add(
        "c_staff",
        &StaffList {
            desk: desk(Area::Staff),
            staff: vec![staff("Ada Moreno", None), staff(HOSTILE, Some(ago(900)))],
            may_manage: true,
        },
    );
    let session = |here| SessionRow {
        id: "ses_0192f0c1e7a87b6e9d2c3b4a5f607182".into(),
        here,
        began: row(300),
        used: row(2),
        ends: row(-400),
    };
    let me = |faults| Me {
        desk: desk(Area::Me),
        sessions: vec![session(true), session(false)],
        faults,
    };
    add("c_me", &me(Faults::default()));
    add(
        "c_me_refused",
        &me(fault("present", "The present password is not right.")),
    );
    let act = |number: i64, what: &str| AuditRow {
        number,
        at: row(number),
        who: "Ada Moreno".into(),
        what: what.into(),
        on: "cam_01933d2e7b8a7c3f".into(),
        hash: "9f2c41d0".into(),
        details: vec![
            ("people".into(), "13,768,204".into()),
            ("reason".into(), HOSTILE.into()),
        ],
    };
    add(
        "c_audit",
        &AuditLog {
            desk: desk(Area::Audit),
            rows: vec![
                act(1_204, "campaign.resume"),
                act(1_203, "campaign.pause"),
                act(1_202, "campaign.launch"),
            ],
            sought: Filter {
                incidents: vec![choice("", "Every incident"), choice("august", HOSTILE)],
                actors: vec![choice("", "Everybody")],
                on: HOSTILE.into(),
                ..Filter::default()
            },
            earlier: "/console/audit?before=1202".into(),
            newest: "/console/audit".into(),
            looked_until: Some(1_202),
            waiting: 3,
            warnings: vec!["row 9,000 is outside of the chain".into()],
        },
    );
    let letter = |name: &str, subject: &str| LetterRow {
        name: name.into(),
        to: "a•••@e•••.com".into(),
        subject: subject.into(),
        at: ago(9),
    };
    let outbox = |letter_open| Outbox {
        desk: desk(Area::Outbox),
        letters: vec![
            letter("0001.eml", "Your data was stolen from us"),
            letter("0002.eml", "سُرقت بياناتك من أنظمتنا"),
            letter("0003.eml", HOSTILE),
        ],
        total: 10_000,
        letter: letter_open,
    };
    add("c_outbox", &outbox(None));
    add("c_letter", &outbox(Some(OpenLetter {
        name: "0001.eml".into(),
        headers: vec![("From".into(), "Northline Mobile <notice@northline.example>".into()), ("Subject".into(), HOSTILE.into())],
        text: "Your data was stolen from us\n\nhttps://notice.northline.example/s/c2FtcGxlLXRva2VuLXRoYXQtaXMtbG9uZw\n".into(),
        html: "letter_sample.html".into(),
    })));
    add(
        "c_call",
        &CallForm {
            desk: desk(Area::Helpline),
            reference: String::new(),
            incidents: vec![
                choice("", "The one in which the caller is found"),
                choice("inc_2", "Data theft of August 2021"),
                choice("inc_1", "Lost laptop"),
            ],
            incident: String::new(),
            verifications: vec![
                choice("none", "Not verified"),
                choice("notice_code", "Read the notice code aloud"),
            ],
            verification: "notice_code".into(),
            code: String::new(),
            text: String::new(),
            states: vec![choice("open", "Open, with me"), choice("solved", "Solved")],
            then: "open".into(),
            faults: fault("text", "Write what was said, in a sentence or two."),
        },
    );
    add("c_design", &Design::new(desk(Area::Design), now()));
    add(
        "c_problem",
        &ProblemPage {
            title: "Somebody changed this in the meantime".into(),
            text: "The campaign is at version 13, your page was at 12. Nothing was done.".into(),
            advice: vec!["Go back, load the page again, and look at what changed.".into()],
            reference: "R-8842-QX".into(),
            typed: String::new(),
            typed_hint: "",
            back: "/console/campaigns/cmp_1".into(),
            desk: Desk {
                unasked: true,
                ..desk(Area::None)
            },
            again: None,
        },
    );
    helpline::draw(&mut add);
}
