//! Every component of the pages, once, on one page.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::campaign::CampaignStatus;
use crate::incident::{IncidentState, UpdateKind};
use crate::notice::{AttemptResult, NoticeStatus};
use crate::person::PersonStanding;
use crate::postal::PostalState;
use crate::recall::RecallStatus;
use crate::scope::ScopeStatus;
use crate::ticket::TicketStatus;
use crate::web::caller::Signed;
use crate::web::console::{Account, Choice, HistoryLine};
use crate::web::conversation::{Kind, Message};
use crate::web::figures::{Chart, Column, filters};
use crate::web::frame;
use crate::web::page::{
    self, Area, Badge, ConsoleFrame, Fault, Faults, Flash, Moment, State, Tone,
};
use crate::web::problem::Answer;
use crate::web::public::Update;

/// `/console/design`
#[derive(Template)]
#[template(path = "console/design.html")]
pub struct Design {
    /// The frame.
    pub desk: ConsoleFrame,
    states: Vec<(&'static str, Vec<Badge>)>,
    faults: Faults,
    kinds: Vec<Choice>,
    flashes: Vec<Option<Flash>>,
    account: Account,
    chart: Chart,
    updates: Vec<Update>,
    log: Vec<HistoryLine>,
    thread: Vec<Message>,
}

impl Design {
    /// The page with its samples; their times are relative to `now`.
    pub fn new(desk: ConsoleFrame, now: DateTime<Utc>) -> Design {
        Design {
            desk,
            states: states(),
            faults: Faults(vec![Fault {
                field: "wrong".into(),
                text: "Enter a date that is not in the past, such as 2021-08-24.".into(),
            }]),
            kinds: vec![
                Choice {
                    value: "initial".into(),
                    words: "Initial".into(),
                },
                Choice {
                    value: "supplement".into(),
                    words: "Supplement".into(),
                },
            ],
            flashes: flashes(),
            account: account(now),
            chart: chart(now),
            updates: updates(now),
            log: vec![HistoryLine {
                who: "Ada Moreno".into(),
                what: "approved the campaign".into(),
                at: Moment::ago(now - TimeDelta::minutes(50), now),
            }],
            thread: thread(now),
        }
    }
}

/// The account of the founding case while notices are being sent.
pub fn account(now: DateTime<Utc>) -> Account {
    Account {
        people: 54_600_000,
        notified: 48_213_004,
        notified_by_post: 1_204,
        notified_otherwise: 12,
        in_progress: 6_082_994,
        needs_letter: 301_889,
        withheld: 2_113,
        unexplained: 0,
        unnotified_elements: 0,
        told_too_much: 0,
        correction_letters: 0,
        guardian_letters: 0,
        guardian_in_progress: 0,
        as_of: Moment::ago(now, now),
    }
}

fn states() -> Vec<(&'static str, Vec<Badge>)> {
    fn all<S: State + Copy>(states: &[S]) -> Vec<Badge> {
        states.iter().copied().map(Badge::of).collect()
    }
    vec![
        ("Incident", all(IncidentState::ALL)),
        ("List", all(ScopeStatus::ALL)),
        ("Person", all(PersonStanding::ALL)),
        ("Campaign", all(CampaignStatus::ALL)),
        ("Notice", all(NoticeStatus::ALL)),
        ("Attempt", all(AttemptResult::ALL)),
        ("Ticket", all(TicketStatus::ALL)),
        ("Postal list", all(PostalState::ALL)),
        ("Recall", all(RecallStatus::ALL)),
        ("Statement", all(UpdateKind::ALL)),
    ]
}

fn flashes() -> Vec<Option<Flash>> {
    let say = |tone, text: &str| {
        Some(Flash {
            tone,
            text: text.into(),
        })
    };
    vec![
        say(
            Tone::Done,
            "Update published. It is on the public page now.",
        ),
        say(
            Tone::Look,
            "Paused. Messages on an open connection were sent; no other message is sent.",
        ),
        say(
            Tone::Act,
            "The relay refused the test. Nothing was sent; try again in a minute.",
        ),
    ]
}

/// Outcomes of half an hour: a canary, a wait, then everyone.
pub fn chart(now: DateTime<Utc>) -> Chart {
    let column = |minute: i64| Column {
        label: (now - TimeDelta::minutes(30 - minute))
            .format("%H:%M")
            .to_string(),
        figures: match minute {
            0..4 => vec![1_200 + minute * 40, 6, 2],
            4..7 => vec![0, 0, 0],
            _ => vec![
                280_000 + (minute % 7) * 14_000,
                900 + minute * 20,
                1_900 + minute * 15,
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
        layers: vec![("sent", "done"), ("deferred", "look"), ("bounced", "act")],
        columns: (0..30).map(column).collect(),
    }
}

/// An update of the public page.
pub fn update(at: DateTime<Utc>, kind: UpdateKind, text: &str) -> Update {
    Update {
        kind,
        at: Moment::day(at),
        text: text.into(),
    }
}

fn updates(now: DateTime<Utc>) -> Vec<Update> {
    let say = |kind, days, text| update(now - TimeDelta::days(days), kind, text);
    vec![
        say(
            UpdateKind::Corrected,
            0,
            "On Tuesday we said that no phone numbers were taken. That was wrong.",
        ),
        say(
            UpdateKind::BeingChecked,
            3,
            "We are checking which accounts are concerned.",
        ),
        say(UpdateKind::Known, 4, "An intruder was in our systems."),
    ]
}

/// A message in its place of a thread.
pub fn message(
    (place, kind): (i64, Kind),
    who: &str,
    at: Moment,
    text: &str,
    delivery: &str,
) -> Message {
    Message {
        place,
        kind,
        who: who.into(),
        at,
        text: text.into(),
        delivery: delivery.into(),
    }
}

fn thread(now: DateTime<Utc>) -> Vec<Message> {
    let say = |place, kind, who, minutes, text, delivery| {
        let at = Moment::ago(now - TimeDelta::minutes(minutes), now);
        message((place, kind), who, at, text, delivery)
    };
    let (mail, none) = ("e-mail accepted by the relay", "");
    vec![
        say(
            1,
            Kind::Customer,
            "Customer",
            95,
            "Was my social security number taken too?",
            none,
        ),
        say(
            2,
            Kind::Note,
            "Ben Okafor",
            60,
            "Only name and phone in scope v2.",
            none,
        ),
        say(
            3,
            Kind::Agent,
            "Ben Okafor",
            58,
            "No. Your name and phone number were.",
            mail,
        ),
        say(
            4,
            Kind::Call,
            "Ben Okafor",
            12,
            "Called back, read the notice code aloud.",
            none,
        ),
    ]
}

/// `GET /console/design`.
///
/// # Errors
/// Database errors.
pub async fn show(who: Signed, req: HttpRequest, app: Data<App>) -> Answer {
    let mut conn = app.db.get().await?;
    let desk = frame::console(&app, &mut conn, &req, &who, Area::Design).await?;
    Ok(page::show(StatusCode::OK, &Design::new(desk, app.now()))?)
}
