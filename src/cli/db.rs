//! `candor db`: whether this database is the latest, and what to do with an older copy.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::{Context, Result};
use chrono::{DateTime, FixedOffset, Utc};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Settings, say, say_json};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::campaign;
use crate::deployment::watch::{self, Witness};
use crate::deployment::{Why, store};
use crate::recovery::departed::Choice;
use crate::recovery::relay_log::RelayLog;
use crate::recovery::{Restored, restored};
use crate::worker::decided;

const WHO: Actor = Actor::System(System::Cli);

/// An older copy of the database: whether this is one, and what was sent that it does not know
#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    Status(Status),
    Doubt(Declare),
    Restored(Decide),
}

/// Show whether this database may be an older copy, and why
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor db status")]
pub(crate) struct Status {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Declare that this database is an older copy: nothing is sent until `candor db restored`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor db doubt\n\nCandor notices by itself when a dump was loaded, a server took over, \
    or a node saw a later state. A snapshot of a disk that no node has seen in a later state looks like the database \
    itself: then say it."
)]
pub(crate) struct Declare {}

/// What is done about notices that may have been sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Uncertain {
    /// Sent again, and marked.
    Again,
    /// Left as uncertain.
    Leave,
}

/// Decide what was sent after the copy was taken, and allow sending
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor db restored --relay-log /var/log/mail.log.1 --relay-log /var/log/mail.log\n  \
    candor db restored --nobody-knows\n  candor db restored --nothing-was-sent\n\nStop every node that still uses the \
    lost database first. See \"Restore\" in docs/operations.md.",
    group = ArgGroup::new("how").required(true).args(["relay_log", "nobody_knows", "nothing_was_sent"])
)]
pub(crate) struct Decide {
    /// The log of a relay, in Postfix's format, from before the copy was taken to the end; may be repeated, the
    /// earlier of a relay first. Messages that it does not name were not sent
    #[arg(long, value_name = "FILE")]
    relay_log: Vec<PathBuf>,
    /// The time zone of times in the logs without one, such as +01:00
    #[arg(
        long,
        value_name = "ZONE",
        requires = "relay_log",
        allow_hyphen_values = true
    )]
    log_zone: Option<FixedOffset>,
    /// The logs are complete: a relay was only idle where its log begins late, ends early or has a gap
    #[arg(long, requires = "relay_log")]
    log_is_whole: bool,
    /// Everything that may have been sent after the copy was taken becomes uncertain
    #[arg(long)]
    nobody_knows: bool,
    /// Nothing was sent after the copy was taken: the database was only moved
    #[arg(long)]
    nothing_was_sent: bool,
    /// What to do with uncertain notices, instead of what each campaign was approved with; `again` also sends e-mails
    /// of tickets again
    #[arg(long, value_enum, conflicts_with = "nothing_was_sent")]
    uncertain: Option<Uncertain>,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

impl Db {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.ready().await?;
        match self {
            Self::Status(command) => command.run(&app).await,
            Self::Doubt(Declare {}) => {
                let doubt = watch::suspect(&app, WHO, &[Why::Declared]).await?;
                say(doubt)
            }
            // It reads every open notice, in one transaction.
            Self::Restored(command) => command.run(&app.patient()).await,
        }
    }
}

impl Status {
    async fn run(self, app: &App) -> Result<()> {
        let doubt = Witness::new(app).look(app).await?;
        let seen = store::look(&mut *app.db.get().await?).await?;
        let state = app.config.database.state_dir();
        let state = state.map_or_else(|| "nowhere".to_owned(), |dir| dir.shown());
        if self.json {
            let why = doubt.as_ref().map(|doubt| {
                let words = doubt.why.iter().map(|why| why.as_str());
                words.collect::<Vec<_>>()
            });
            return say_json(&json!({
                "id": seen.id, "generation": seen.generation, "epoch": seen.epoch, "last_in_use": seen.grown_at,
                "in_doubt": doubt.is_some(), "why": why, "since": doubt.map(|doubt| doubt.at), "state_dir": state,
            }));
        }
        say(format!(
            "database {}, generation {}, epoch {}; this node's state file is in {state}",
            seen.id, seen.generation, seen.epoch
        ))?;
        match doubt {
            Some(doubt) => say(doubt),
            None => say("it is in use, and nothing shows that it is an older copy"),
        }
    }
}

impl Decide {
    async fn run(self, app: &App) -> Result<()> {
        let choice = if self.nobody_knows {
            Choice::Unknown
        } else if self.nothing_was_sent {
            Choice::Nothing
        } else {
            Choice::Logged(self.logs(app)?)
        };
        // The first look records why the database seems to be a copy.
        let doubt = Witness::new(app).look(app).await?;
        let again = self.uncertain.map(|what| what == Uncertain::Again);
        let done = restored::decide(app, WHO, &choice, again).await?;
        // This includes paused and stopped campaigns, which no sender claims. Senders settle the rest.
        let settled = decided::settle(app).await.context(
            "what had left is decided, and the figures do not show all of it yet: start a node, which settles the rest",
        );
        if self.json {
            say_json(&done)?;
            return settled;
        }
        report(&done)?;
        if !self.nothing_was_sent {
            let since = doubt.map_or_else(|| app.now(), |doubt| doubt.copied_at);
            report_letters(&done, since)?;
        }
        settled?;
        match campaign::store::stopped(&mut *app.db.get().await?).await? {
            Some(_) => say("the emergency stop is set: nothing is sent until `candor start`"),
            None => say("sending goes on"),
        }
    }

    fn logs(&self, app: &App) -> Result<RelayLog> {
        let mut log = RelayLog::new(self.log_zone, self.log_is_whole);
        let mut files = Vec::new();
        for path in &self.relay_log {
            let file = File::open(path).with_context(|| path.display().to_string())?;
            let mut file = BufReader::new(file);
            files.push((log.first_moment(&mut file, app.now()), path, file));
        }
        // A bounce in a later file may belong to a message in an earlier one.
        files.sort_by_key(|(begins_at, ..)| *begins_at);
        for (_, path, file) in files {
            log.read(file, app.now())
                .with_context(|| path.display().to_string())?;
        }
        Ok(log)
    }
}

/// The counts of the decision, each with its words.
fn counts(done: &Restored) -> [(u64, &'static str); 14] {
    let unsent = done.unsent - done.unsent_paused - done.unsent_void;
    [
        (
            done.campaigns,
            match done.campaigns {
                1 => "campaign under way",
                _ => "campaigns under way",
            },
        ),
        (done.sent, "notices had been sent, by the log"),
        (done.refused, "notices had been refused, by the log"),
        (done.uncertain, "notices may have been sent: uncertain"),
        (done.again, "of these are sent again"),
        (
            done.again_paused,
            "of these wait in paused campaigns, and are sent again when the campaign is resumed",
        ),
        (
            unsent,
            "notices had not been sent: each leaves when it is due and sending is allowed",
        ),
        (
            done.unsent_paused,
            "notices had not been sent, and wait in paused campaigns",
        ),
        (
            done.unsent_void,
            "notices had not been sent, and wait in paused campaigns whose approval is void: cancel those, and draft new \
             ones for their people",
        ),
        (
            done.letters_sent,
            "e-mails of tickets had been sent, by the log",
        ),
        (
            done.letters_uncertain,
            "e-mails of tickets may have been sent",
        ),
        (
            done.taken_back,
            "campaigns were taken back to their drafts: they may have been launched after the copy was taken",
        ),
        (
            done.drafts,
            "drafts may have been launched after the copy was taken: their pages say so",
        ),
        (
            done.strangers,
            "messages in the log belong to nothing in this copy: a campaign or e-mails made after it was taken",
        ),
    ]
}

fn report(done: &Restored) -> Result<()> {
    for (n, what) in counts(done) {
        if n > 0 {
            say(format!("{n:>10} {what}"))?;
        }
    }
    if !done.perhaps_launched.is_empty() {
        say("find out about these campaigns before you submit them:")?;
        for id in &done.perhaps_launched {
            say(format!("           {id}"))?;
        }
    }
    Ok(())
}

/// Prints what the copy cannot know of postal letters, which no relay's log names.
fn report_letters(done: &Restored, since: DateTime<Utc>) -> Result<()> {
    let since = since.format("%Y-%m-%d %H:%M UTC");
    say(format!(
        "letters: lists taken, posted, told, discarded or returned after {since} are not known here"
    ))?;
    if done.need_letter > 0 {
        say(format!(
            "{:>10} people need a letter as far as this copy knows: some may have theirs",
            done.need_letter
        ))?;
    }
    say(
        "put those lists back before you take another one, or people are written to twice:\n           candor letters \
         restore --incident SLUG --list FILE\nthen record again on which day they were posted, and which letters came back",
    )?;
    if !done.lists_waiting.is_empty() {
        say("these lists wait in the copy, and may have been posted, told or discarded after it:")?;
        for id in &done.lists_waiting {
            say(format!("           {id}"))?;
        }
    }
    Ok(())
}
