//! The courier: sends the letters of the outbox. Claims a few in a short transaction, hands them to a
//! relay while it holds no connection to the database, records what became of each.
//!
//! Before each letter leaves the person is read again ([`again`]): their flags, address and place on the list may have
//! changed while it waited. That is three look-ups by key for each letter. There are far fewer letters than notices.
//!
//! A letter whose courier was killed between the relay's answer and the record is sent again when its
//! lease ends, with the same Message-ID: an answer twice is better than none. The emergency stop is
//! asked before each letter, and again right before its text leaves, since a relay may take long to greet (promise P4).

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::idle::Idle;
use crate::address::EmailAddress;
use crate::app::App;
use crate::db::retry::retried;
use crate::db::{self, Conn, Guarded};
use crate::id::PersonId;
use crate::incident;
use crate::mail::{Asked, Draft, Letter, Line, Mailbox, Relay, Reply, compose};
use crate::outbox::store::{self, Outcome};
use crate::outbox::{Claimed, LetterWithheld, OutboxLetter, again, message_id, patience};
use crate::person::{self, PersonStanding};
use crate::shutdown::Shutdown;

/// How many couriers work side by side in one process.
const COURIERS: usize = 4;
/// Letters in one claim.
const CLAIM: i64 = 8;
/// How long a claim is good. Longer than any SMTP transaction, so that no courier sends a letter that another courier
/// is still sending.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// A letter is begun within this time of its claim, so that ten minutes of the lease are left.
const BEGUN_WITHIN: Duration = Duration::from_secs(5 * 60);
/// Delay until a letter is due again when no relay could be reached or the emergency stop was set.
const POSTPONE: TimeDelta = TimeDelta::seconds(30);
/// The reason recorded for a letter that cannot be decrypted.
const UNREADABLE: &str = "the letter does not open: its key is another";
/// How long a courier waits after the database failed.
const BREATHER: Duration = Duration::from_secs(2);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// The number of letters that were tried.
    Some(usize),
    /// There was nothing to send, or nowhere to send it.
    Nothing,
}

/// Sends letters until it is told to leave; what is in progress is finished first.
pub async fn run(app: App, relays: Arc<Vec<Relay>>, shutdown: Shutdown) {
    let idle = Duration::from_millis(app.config.mail.poll_milliseconds);
    // The courier that holds the turn looks for letters; the others wait for the turn.
    let turn = Mutex::new(Idle::new(idle, 2));
    let couriers = (0..COURIERS).map(|_| work(&app, &relays, &turn, &shutdown));
    futures_util::future::join_all(couriers).await;
}

async fn work(app: &App, relays: &[Relay], turn: &Mutex<Idle>, shutdown: &Shutdown) {
    loop {
        let Some(found) = look(app, turn, shutdown).await else {
            return;
        };
        let sent = tokio::select! {
            sent = send(app, relays, &found) => sent,
            () = shutdown.hard().cancelled() => return,
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "the courier could not use the database");
            if !shutdown.rest(BREATHER).await {
                return;
            }
        }
    }
}

/// Claimed letters, and a moment before they were.
struct Found {
    letters: Vec<Claimed>,
    at: Instant,
}

/// Waits for its turn, and then until there are letters to claim. `None`: the end was asked for.
async fn look(app: &App, turn: &Mutex<Idle>, shutdown: &Shutdown) -> Option<Found> {
    let mut idle = tokio::select! {
        () = shutdown.soft().cancelled() => return None,
        idle = turn.lock() => idle,
    };
    while !shutdown.is_leaving() {
        let pause = match claim_due(app).await {
            Ok(found) if found.letters.is_empty() => idle.rest(),
            Ok(found) => {
                idle.wake();
                return Some(found);
            }
            Err(error) => {
                app.db
                    .trouble("the courier could not use the database", &error);
                BREATHER
            }
        };
        if !shutdown.rest(pause).await {
            return None;
        }
    }
    None
}

async fn claim_due(app: &App) -> db::Result<Found> {
    let is_due = store::is_due(&mut *app.db.get().await?, app.now()).await?;
    match is_due {
        true => retried(|| claim(app)).await,
        false => Ok(Found {
            letters: Vec::new(),
            at: Instant::now(),
        }),
    }
}

async fn claim(app: &App) -> db::Result<Found> {
    // Before the claim, so that the lease ends later than it is believed to.
    let at = Instant::now();
    let mut tx = app.db.begin().await?;
    let letters = store::claim(&mut tx, &app.keys, CLAIM, app.now(), LEASE).await?;
    tx.commit().await?;
    Ok(Found { letters, at })
}

/// Claims, sends and records a few letters.
///
/// # Errors
/// The database's; letters in progress are then claimed again when their lease ends.
pub async fn step(app: &App, relays: &[Relay]) -> db::Result<Worked> {
    send(app, relays, &claim(app).await?).await
}

async fn send(app: &App, relays: &[Relay], found: &Found) -> db::Result<Worked> {
    let mut outlet = Outlet::new(relays);
    let (mut tried, mut away) = (0, false);
    for letter in &found.letters {
        let late = found.at.elapsed() > BEGUN_WITHIN;
        let outcome = match late || away {
            true => postponed(app.now()),
            false => match may_leave(app, letter).await? {
                Leave::Stopped => postponed(app.now()),
                Leave::Withheld(why) => Outcome::Withheld { why },
                Leave::Unreadable => Outcome::Failed {
                    reply: UNREADABLE.to_owned(),
                },
                Leave::Now(words) => deliver(app, &mut outlet, letter, &words).await,
            },
        };
        away |= matches!(outcome, Outcome::Postponed { .. });
        tried += usize::from(!away);
        record(app, letter, &outcome).await?;
    }
    outlet.close().await;
    Ok(match tried {
        0 => Worked::Nothing,
        n => Worked::Some(n),
    })
}

/// Whether a letter may leave now.
enum Leave {
    /// These words, to the address that they name.
    Now(Box<OutboxLetter>),
    /// The emergency stop is set.
    Stopped,
    /// It must not be sent any more.
    Withheld(LetterWithheld),
    /// Its seal is broken.
    Unreadable,
}

/// Reads the stop and the person, both as they are now.
async fn may_leave(app: &App, claimed: &Claimed) -> db::Result<Leave> {
    let mut conn = app.db.get().await?;
    if store::is_stopped(&mut conn).await? {
        return Ok(Leave::Stopped);
    }
    let found = incident::store::find(&mut conn, claimed.incident).await?;
    let key = match found.key(&app.keys) {
        Ok(Some(key)) => key,
        Ok(None) => return Ok(Leave::Withheld(LetterWithheld::Forgotten)),
        Err(_) => return Ok(Leave::Unreadable),
    };
    let Some(words) = claimed.letter.clone() else {
        return Ok(Leave::Unreadable);
    };
    let unknown = Leave::Withheld(LetterWithheld::UnknownPerson);
    let Some(id) = claimed.person else {
        return Ok(unknown);
    };
    let person = match person::store::find(&mut conn, &key, id).await {
        Err(db::Error::Missing) => return Ok(unknown),
        found => found?,
    };
    let retracted_at = match person.standing {
        PersonStanding::Retracted => listed_at(&mut conn, id).await?,
        _ => None,
    };
    let checked = again::check(claimed, words, &person, retracted_at, app.now());
    Ok(match checked {
        Ok(words) => Leave::Now(Box::new(words)),
        Err(why) => Leave::Withheld(why),
    })
}

async fn listed_at(conn: &mut Conn, id: PersonId) -> db::Result<Option<DateTime<Utc>>> {
    let listed = person::store::listed(conn, id).await?;
    Ok(listed.map(|listed| listed.at))
}

/// Counts a letter that came to an end.
fn count(app: &App, letter: &Claimed, outcome: &Outcome) {
    let result = match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Failed { .. } => "failed",
        Outcome::Withheld { .. } => "withheld",
        Outcome::Deferred { .. } | Outcome::Postponed { .. } => return,
    };
    let letters = &app.metrics.letters;
    letters
        .with_label_values(&[letter.kind.as_str(), result])
        .inc();
}

async fn record_once(app: &App, letter: &Claimed, outcome: &Outcome) -> db::Result<Guarded> {
    store::record(&mut *app.db.get().await?, letter, outcome, app.now()).await
}

async fn record(app: &App, letter: &Claimed, outcome: &Outcome) -> db::Result<()> {
    // It has left: unrecorded it would be sent again.
    let recorded = retried(|| record_once(app, letter, outcome)).await?;
    if !recorded.is_written() {
        tracing::warn!(letter = %letter.id, "a letter was claimed anew before its outcome was recorded");
    }
    count(app, letter, outcome);
    if let Outcome::Withheld { why } = outcome {
        tracing::info!(letter = %letter.id, kind = %letter.kind, %why, "a letter was withheld");
    }
    if let Outcome::Failed { reply } = outcome {
        tracing::warn!(letter = %letter.id, kind = %letter.kind, reply, "a letter failed");
    }
    Ok(())
}

async fn deliver(
    app: &App,
    outlet: &mut Outlet<'_>,
    claimed: &Claimed,
    words: &OutboxLetter,
) -> Outcome {
    let failed = |why: &str| Outcome::Failed {
        reply: why.to_owned(),
    };
    let letter = match finished(app, claimed, words) {
        Ok(letter) => letter,
        Err(why) => return failed(why),
    };
    let still = || -> Asked<'_> {
        Box::pin(async {
            // The result is unknown while the database is away.
            let leave = may_leave(app, claimed).await;
            matches!(leave, Ok(Leave::Now(now)) if now.to == words.to)
        })
    };
    let reply = outlet.send(&letter, still).await;
    let now = app.now();
    // Stopped, or the person changed, while the relay took its time.
    let Some(reply) = reply else {
        return postponed(now);
    };
    match reply {
        Reply::Accepted { code, text } => Outcome::Sent {
            reply: format!("{code} {text}"),
        },
        Reply::Refused { code, text, .. } => failed(&said(code, &text)),
        Reply::CannotCarry { code, text, .. } => failed(&said(Some(code), &text)),
        Reply::Deferred { code, text, .. } => wait(claimed, said(code, &text), now),
        // It may have been delivered. It is sent again, and its Message-ID identifies the duplicate.
        Reply::Unknown { why } => wait(claimed, why, now),
        Reply::Unreachable { .. } => postponed(now),
    }
}

fn said(code: Option<u16>, text: &str) -> String {
    match code {
        Some(code) => format!("{code} {text}"),
        None => text.to_owned(),
    }
}

fn wait(claimed: &Claimed, reply: String, now: DateTime<Utc>) -> Outcome {
    match patience(claimed.attempts + 1) {
        Some(wait) => Outcome::Deferred {
            until: now + wait,
            reply,
        },
        None => Outcome::Failed { reply },
    }
}

fn postponed(now: DateTime<Utc>) -> Outcome {
    Outcome::Postponed {
        until: now + POSTPONE,
    }
}

/// The letter as it goes out, or why there is none.
fn finished(app: &App, claimed: &Claimed, letter: &OutboxLetter) -> Result<Letter, &'static str> {
    let ours = &app.config.organisation;
    let from = EmailAddress::parse(&ours.from_address)
        .map_err(|_| "organisation.from_address is not an address")?;
    let return_path = match ours.return_path.as_str() {
        "" => from.clone(),
        path => {
            EmailAddress::parse(path).map_err(|_| "organisation.return_path is not an address")?
        }
    };
    let to = EmailAddress::parse(&letter.to).map_err(|_| "the recipient's address is none")?;
    let draft = Draft {
        message_id: message_id(claimed.id, &from),
        from: Mailbox {
            name: ours.from_name.clone(),
            address: from,
        },
        to: Mailbox {
            name: letter.to_name.clone(),
            address: to,
        },
        return_path,
        subject: letter.subject.clone(),
        text: letter.text.clone(),
        html: letter.html.clone(),
        date: claimed.created_at,
        language: letter.language.clone(),
        reply_to: None,
        headers: Vec::new(),
    };
    let letter = compose(&draft).map_err(|_| "the letter cannot be composed")?;
    Ok(app.signers.sign(letter))
}

/// Whether a reply leaves a letter to another relay.
fn is_for_another(reply: &Reply) -> bool {
    matches!(reply, Reply::Unreachable { .. } | Reply::CannotCarry { .. })
}

/// A connection to the first relay that can be reached, opened when it is needed.
struct Outlet<'a> {
    relays: &'a [Relay],
    connection: Option<Line>,
}

impl<'a> Outlet<'a> {
    fn new(relays: &'a [Relay]) -> Self {
        Self {
            relays,
            connection: None,
        }
    }

    /// Sends by the open connection, else by the first relay that answers. `None`: `still`, asked when the relay waits for
    /// the text, said no.
    async fn send<'p>(
        &mut self,
        letter: &Letter,
        mut still: impl FnMut() -> Asked<'p> + Send,
    ) -> Option<Reply> {
        if let Some(mut connection) = self.connection.take() {
            let reply = connection
                .send_if(letter, None, ready(true), &mut still)
                .await?;
            if !is_for_another(&reply) {
                self.connection = Some(connection);
                return Some(reply);
            }
        }
        let (mut away, mut cannot) = (None, None);
        for relay in self.relays {
            let reply = match relay.connect().await {
                Err(reply) => reply,
                Ok(mut connection) => {
                    let reply = connection
                        .send_if(letter, None, ready(true), &mut still)
                        .await?;
                    if !is_for_another(&reply) {
                        self.connection = Some(connection);
                        return Some(reply);
                    }
                    connection.close().await;
                    reply
                }
            };
            match reply {
                Reply::CannotCarry { .. } => cannot = Some(reply),
                reply => away = Some(reply),
            }
        }
        // A missing capability is final only if every relay lacks it.
        let none = || Reply::Unreachable {
            why: "no relay is configured".to_owned(),
        };
        Some(away.or(cannot).unwrap_or_else(none))
    }

    async fn close(self) {
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }
}
