//! A message of the outbox that this sender has claimed, on its way through the queue and a connection.
//!
//! Before it leaves the person is read again ([`again`]): their flags, address and place on the list may have changed
//! while it waited. That is three look-ups by key for each message. There are far fewer of them than notices.
//!
//! A message whose sender was killed between the relay's answer and the record is sent again when its lease ends, with
//! the same Message-ID: an answer twice is better than none. The emergency stop is asked before each message, and again
//! right before its text leaves, since a relay may take long to greet (promise P4).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::relay_state::Needs;
use super::send_permission::SendPermission;
use crate::address::EmailAddress;
use crate::app::App;
use crate::db::retry::retried;
use crate::db::{self, Conn, Guarded};
use crate::id::PersonId;
use crate::incident;
use crate::mail::{Draft, Letter, Mailbox, compose};
use crate::outbox::{
    Claimed, LetterKind, LetterWithheld, OutboxLetter, Outcome, again, message_id, store,
};
use crate::person::{self, PersonStanding};
use crate::shutdown::Shutdown;
use crate::staff;

/// A message is begun within this time of its claim, so that ten minutes of the lease are left.
const BEGUN_WITHIN: Duration = Duration::from_secs(5 * 60);
/// Delay until a message is due again while everything is stopped, and at most while no relay here takes it: another
/// sender may.
const POSTPONE: TimeDelta = TimeDelta::seconds(30);
/// How long after a record failed it is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// The reason recorded for a message that cannot be decrypted.
const UNREADABLE: &str = "the letter does not open: its key is another";

/// What all messages of the outbox share in this process.
pub(crate) struct Outbox {
    pub app: App,
    /// Which part of the limits this sender may use.
    pub permission: SendPermission,
    /// When to leave.
    pub shutdown: Shutdown,
}

/// A claimed message. One that is dropped is claimed again when its lease ends.
pub(crate) struct OutboxMail {
    outbox: Arc<Outbox>,
    /// The message as it was claimed.
    pub claimed: Claimed,
    /// The address that it was written to.
    pub to: Option<EmailAddress>,
    /// Who runs the mailbox.
    pub provider: Arc<str>,
    /// The relays that cannot carry it.
    pub not_by: Vec<usize>,
    /// When the mailbox provider takes it; `None`: it was not asked for a slot yet.
    pub slot: Option<Instant>,
    begin_by: Instant,
}

impl OutboxMail {
    /// A message that was claimed after `claimed_at`; `name` says who runs the mailbox of an address.
    pub(crate) fn new(
        outbox: &Arc<Outbox>,
        claimed: Claimed,
        claimed_at: Instant,
        name: impl FnOnce(Option<&EmailAddress>) -> Arc<str>,
    ) -> Self {
        let words = claimed.letter.as_ref();
        let to = words.and_then(|words| EmailAddress::parse(&words.to).ok());
        Self {
            outbox: Arc::clone(outbox),
            claimed,
            provider: name(to.as_ref()),
            to,
            not_by: Vec::new(),
            slot: None,
            begin_by: claimed_at + BEGUN_WITHIN,
        }
    }

    /// What it needs of a relay.
    pub(crate) fn needs(&self) -> Needs<'_> {
        Needs {
            to: self.to.as_ref(),
            not_by: &self.not_by,
        }
    }

    /// Whether its mailbox provider takes it now, as far as that is known.
    pub(crate) fn has_slot(&self, now: Instant) -> bool {
        self.slot.is_none_or(|slot| slot <= now)
    }

    /// Whether too little of its lease is left.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        now > self.begin_by
    }

    /// This sender's part of what relays and providers take.
    pub(crate) fn share(&self) -> f64 {
        self.outbox.permission.share()
    }

    /// The person to whom it is written; the message itself stands for them where that is not on record.
    pub(crate) fn recipient(&self) -> PersonId {
        let unknown = || PersonId::from_uuid(self.claimed.id.uuid());
        self.claimed.person.unwrap_or_else(unknown)
    }

    /// Whether it may leave now, by what the database says.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn may_leave(&self) -> db::Result<Leave> {
        may_leave(&self.outbox.app, &self.claimed).await
    }

    /// The message as it goes out.
    ///
    /// # Errors
    /// How it ends instead.
    pub(crate) fn finished(&self, leave: Leave) -> Result<Letter, Outcome> {
        let failed = |why: &str| Outcome::Failed {
            reply: why.to_owned(),
            reason: None,
        };
        match leave {
            Leave::Stopped => Err(self.postponed()),
            Leave::Withheld(why) => Err(Outcome::Withheld { why }),
            Leave::Unreadable => Err(failed(UNREADABLE)),
            Leave::Now(words) => finished(&self.outbox.app, &self.claimed, &words).map_err(failed),
        }
    }

    /// Its end for now if it may not leave after all, or if that is not known.
    pub(crate) fn postponed(&self) -> Outcome {
        Outcome::Postponed {
            until: self.outbox.app.now() + POSTPONE,
        }
    }

    /// Makes it due again after this time, half a minute at most: no relay of this sender takes it sooner.
    pub(crate) fn give_back(self, left: Duration) {
        let wait = TimeDelta::from_std(left).unwrap_or(POSTPONE).min(POSTPONE);
        let until = self.outbox.app.now() + wait;
        let shutdown = self.outbox.shutdown.clone();
        shutdown.spawn(self.end(Outcome::Postponed { until }));
    }

    /// Records what became of it, however long the database is away; gives up only some seconds after the end was asked
    /// for. A message that has left and is not recorded is sent again when its lease ends.
    pub(crate) async fn end(self, outcome: Outcome) {
        let Outbox { app, shutdown, .. } = &*self.outbox;
        let claimed = &self.claimed;
        let mut failures = 0;
        loop {
            match retried(|| record(app, claimed, &outcome)).await {
                Ok(Guarded::Written) => break,
                Ok(Guarded::Refused) => {
                    tracing::warn!(letter = %claimed.id, "a message was claimed again before its outcome was recorded");
                    break;
                }
                Err(error) => {
                    let what = "the outcome of a message is not recorded yet; trying again";
                    app.db.trouble(what, &error);
                    failures += 1;
                    if !shutdown.rest_to_retry(AGAIN, failures).await {
                        return;
                    }
                }
            }
        }
        tell(app, claimed, &outcome);
    }
}

async fn record(app: &App, claimed: &Claimed, outcome: &Outcome) -> db::Result<Guarded> {
    store::record(&mut *app.db.get().await?, claimed, outcome, app.now()).await
}

/// Counts a message that came to an end, and logs what kept it.
fn tell(app: &App, claimed: &Claimed, outcome: &Outcome) {
    let (letter, kind) = (claimed.id, claimed.kind);
    let result = match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Failed { reply, .. } => {
            tracing::warn!(%letter, %kind, reply, "a letter failed");
            "failed"
        }
        Outcome::Uncertain { reply, .. } => {
            tracing::warn!(%letter, %kind, reply, "it is not known whether a letter was sent");
            "uncertain"
        }
        Outcome::Withheld { why } => {
            tracing::info!(%letter, %kind, %why, "a letter was withheld");
            "withheld"
        }
        Outcome::Deferred { .. } | Outcome::Postponed { .. } => return,
    };
    let letters = &app.metrics.letters;
    letters.with_label_values(&[kind.as_str(), result]).inc();
}

/// Whether a message may leave now.
pub(crate) enum Leave {
    /// These words, to the address that they name.
    Now(Box<OutboxLetter>),
    /// The emergency stop is set.
    Stopped,
    /// It must not be sent any more.
    Withheld(LetterWithheld),
    /// Its seal is broken.
    Unreadable,
}

impl Leave {
    fn of(checked: Result<OutboxLetter, LetterWithheld>) -> Self {
        match checked {
            Ok(words) => Self::Now(Box::new(words)),
            Err(why) => Self::Withheld(why),
        }
    }
}

/// Reads the stop and the recipient, both as they are now.
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
    if let Some(id) = claimed.staff {
        let account = staff::store::find(&mut conn, id).await?;
        return Ok(Leave::of(again::check_staff(words, &account)));
    }
    // Staff are its readers.
    if claimed.kind == LetterKind::Test {
        return Ok(Leave::Now(Box::new(words)));
    }
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
    Ok(Leave::of(checked))
}

async fn listed_at(conn: &mut Conn, id: PersonId) -> db::Result<Option<DateTime<Utc>>> {
    let listed = person::store::listed(conn, id).await?;
    Ok(listed.map(|listed| listed.at))
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
