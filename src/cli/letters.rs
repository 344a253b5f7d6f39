//! `candor letters`: lists of people who get a postal letter, and the record of those letters.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::letters_restore::Restore;
use super::lookup::{incident_named, is_or_are, people};
use super::new_file::NewFile;
use super::{Settings, account, say, warn};
use crate::app::App;
use crate::id::{IncidentId, PostalId};
use crate::postal::consent::{Confirmed, Reason};
use crate::postal::list::Letters as List;
use crate::postal::post::{self, Done};
use crate::postal::take::Insist;
use crate::postal::{self, How, PostalError, PostalKind, Telling, list, returned, slips, told};
use crate::staff::Right;
use crate::web::figures::count;

/// Write a list of people who need a postal letter, and record what happened to the letters
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example:\n  candor letters --incident carrier-2021 --out letters.csv"
)]
pub(crate) struct Letters {
    #[command(subcommand)]
    act: Option<Act>,
    #[command(flatten)]
    take: Take,
}

#[derive(Debug, Args)]
struct Take {
    /// The incident's name in URLs.
    #[arg(long, required = true)]
    incident: Option<String>,
    /// Where the list goes; only its owner may read the file. An older one is replaced.
    #[arg(long, required = true)]
    out: Option<PathBuf>,
    /// For which people: letter, guardian, correction, kin or safe.
    #[arg(long, default_value = "letter")]
    kind: PostalKind,
    /// Lists people again who are on a list that waits to be posted.
    #[arg(long)]
    again: bool,
    /// Writes the list although its links lead to this machine only (`http.public_url`): for a rehearsal.
    #[arg(long)]
    anyway: bool,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Act {
    Posted(Posted),
    Told(Told),
    Returned(Returned),
    Discard(Discard),
    Restore(Restore),
}

/// Record that the letters of a list were posted: its people are notified by post
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor letters posted --batch pst_0193… --on 2026-12-03")]
struct Posted {
    /// The list: its id is on each of its lines.
    #[arg(long)]
    batch: PostalId,
    /// The day, as YYYY-MM-DD (UTC).
    #[arg(long)]
    on: NaiveDate,
    /// Record it although this many people on it must not be told any more for this reason: legal_hold,
    /// protected_address, deceased, retracted, flag_lifted, minor, address_changed or affected_again; once for each.
    #[arg(long, value_name = "REASON=PEOPLE", value_parser = answer)]
    yes: Vec<(Reason, i64)>,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

/// Record that next of kin, people at a protected address, or one person were told
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  candor letters told --batch pst_0193… --on 2026-12-03 --how phone --who \"next of kin\"\n  \
        candor letters told --incident carrier-2021 --reference A-7 --on 2026-12-03 --how in_person --who \"the person\""
)]
struct Told {
    /// A list of kind kin or safe.
    #[arg(
        long,
        required_unless_present = "reference",
        conflicts_with = "reference"
    )]
    batch: Option<PostalId>,
    /// One person, by their reference.
    #[arg(long, requires = "incident")]
    reference: Option<String>,
    /// The incident of that person: its name in URLs.
    #[arg(long)]
    incident: Option<String>,
    /// The day, as YYYY-MM-DD (UTC).
    #[arg(long)]
    on: NaiveDate,
    /// The channel: letter, phone, in_person, solicitor, shelter or other.
    #[arg(long)]
    how: How,
    /// Who was told, such as "the daughter".
    #[arg(long)]
    who: String,
    /// Record a list although this many people on it must not be told any more for this reason: legal_hold,
    /// protected_address, deceased, retracted, flag_lifted, minor, address_changed or affected_again; once for each.
    #[arg(long, value_name = "REASON=PEOPLE", value_parser = answer, requires = "batch")]
    yes: Vec<(Reason, i64)>,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

/// Record letters that came back: their people need a letter again
#[derive(Debug, Args)]
#[command(
    after_help = "The file is a CSV with the columns reference or letter_code, and reason. The reason `not posted` is for\n\
        letters of a list that were not posted after all.\n\nExample:\n  candor letters returned returned.csv --incident carrier-2021"
)]
struct Returned {
    /// The file.
    file: PathBuf,
    /// The incident's name in URLs. Not needed if letters of one only were posted.
    #[arg(long)]
    incident: Option<String>,
    /// Only letters of this list are meant by references.
    #[arg(long)]
    batch: Option<PostalId>,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

/// Throw away a list that was not posted: its people belong on the next one
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor letters discard --batch pst_0193…")]
struct Discard {
    /// The list.
    #[arg(long)]
    batch: PostalId,
    /// Who does it: the e-mail address of an account. Not needed if only one may.
    #[arg(long = "as")]
    by: Option<String>,
}

impl Letters {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.ready().await?;
        match self.act {
            None => self.take.run(&app).await,
            Some(Act::Posted(act)) => act.run(&app).await,
            Some(Act::Told(act)) => act.run(&app).await,
            Some(Act::Returned(act)) => act.run(&app).await,
            Some(Act::Discard(act)) => act.run(&app).await,
            Some(Act::Restore(act)) => act.run(&app).await,
        }
    }
}

impl Take {
    async fn run(self, app: &App) -> Result<()> {
        let (Some(slug), Some(out)) = (self.incident, self.out) else {
            bail!("--incident and --out are needed");
        };
        for left in app.config.left_at_defaults() {
            warn(&left);
        }
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let of = incident_named(app, &slug).await?;
        // A folder that cannot be written is found before the list is made.
        let file = NewFile::begin(&out)?;
        let insist = Insist {
            again: self.again,
            anyway: self.anyway,
        };
        let taken = list::export(app, by, of, self.kind, insist).await;
        let mut letters = taken.map_err(hinted)?;
        write(&mut letters, file, &out).await.with_context(|| {
            let batch = letters.batch.id;
            format!(
                "the list was taken as batch {batch}, and {} is not written: download its file on the console's page of \
                 letters, or discard the list (candor letters discard --batch {batch}) and take a new one",
                out.display()
            )
        })?;
        let former = letters.former;
        let batch = letters.batch;
        let next = match self.kind.is_posted() {
            true => format!("candor letters posted --batch {} --on DAY", batch.id),
            false => format!(
                "candor letters told --batch {} --on DAY --how … --who …",
                batch.id
            ),
        };
        say(format!(
            "the list of {} is in {}\nbatch {}\nonce that is done: {next}",
            people(batch.people),
            out.display(),
            batch.id
        ))?;
        if former > 0 {
            say(format!(
                "of {} on the list the reference names somebody else by now: the id stands in its place, and the old \
                 reference under former_reference",
                people(former)
            ))?;
        }
        match batch.without_address {
            0 => Ok(()),
            n => say(format!(
                "{} not on it for want of a postal address: the Letters page and the API list them",
                is_or_are(n)
            )),
        }
    }
}

/// Writes a list that was taken, and puts it in its place once it is whole.
async fn write(list: &mut List, mut file: NewFile, out: &Path) -> Result<()> {
    while let Some(piece) = list.next().await? {
        file.write_all(&piece)?;
    }
    file.keep(out)
}

fn answer(text: &str) -> Result<(Reason, i64), String> {
    let (reason, people) = text
        .split_once('=')
        .ok_or("name the reason and the number of people: legal_hold=2")?;
    let people = people
        .parse()
        .map_err(|_| "the number of people is missing")?;
    Ok((reason.parse()?, people))
}

/// Adds the options of this command that solve the error.
fn hinted(error: PostalError) -> anyhow::Error {
    if matches!(error, PostalError::LinksLeadHome { .. }) {
        let hint = "say --anyway for a rehearsal (is --config missing?)";
        return anyhow::Error::new(error).context(hint);
    }
    let words: Vec<String> = match &error {
        PostalError::Unconfirmed { questions } => questions
            .iter()
            .map(|one| format!("--yes {}={}", one.what.as_str(), one.number))
            .collect(),
        _ => Vec::new(),
    };
    let error = anyhow::Error::new(error);
    match words.is_empty() {
        true => error,
        false => error.context(format!(
            "the list waits as before; {} records it, and letters that were kept back can be reported as `not posted` \
             then",
            words.join(" ")
        )),
    }
}

impl Posted {
    async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let done = Done {
            confirmed: Confirmed(self.yes.into_iter().collect()),
            ..Done::posted(self.on)
        };
        let recorded = post::record(app, by, self.batch, &done).await;
        let batch = recorded.map_err(hinted)?;
        let people = is_or_are(batch.people);
        say(format!("{people} notified by post on {}", self.on))
    }
}

impl Told {
    async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let telling = Telling::new(self.how, &self.who)?;
        let batch = match (self.batch, self.reference, self.incident) {
            (Some(batch), ..) => {
                let done = Done {
                    confirmed: Confirmed(self.yes.into_iter().collect()),
                    ..Done::told(self.on, telling)
                };
                let recorded = post::record(app, by, batch, &done).await;
                recorded.map_err(hinted)?
            }
            (None, Some(reference), Some(slug)) => {
                let of = incident_named(app, &slug).await?;
                told::told(app, by, of, &reference, self.on, &telling).await?
            }
            _ => bail!("--batch, or --incident and --reference, are needed"),
        };
        let people = is_or_are(batch.people);
        say(format!("{people} recorded as told on {}", self.on))
    }
}

impl Returned {
    async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let of = match &self.incident {
            Some(slug) => incident_named(app, slug).await?,
            None => self.only_incident(app).await?,
        };
        let file = std::fs::read(&self.file).with_context(|| self.file.display().to_string())?;
        let slips = slips::read(&file)?;
        let recorded = returned::returned(app, by, of, self.batch, slips).await?;
        let (back, never) = (count(recorded.returned), count(recorded.not_posted));
        say(format!(
            "{back} letters came back, {never} were not posted: their people need a letter again"
        ))?;
        for (line, why) in &recorded.refused {
            say(format!("line {line}: {why}"))?;
        }
        match recorded.refused.len() {
            0 => Ok(()),
            n => bail!("{n} lines were not recorded"),
        }
    }

    async fn only_incident(&self, app: &App) -> Result<IncidentId> {
        let mut conn = app.db.get().await?;
        if let Some(batch) = self.batch {
            return Ok(postal::store::find(&mut conn, batch).await?.incident);
        }
        match postal::store::with_letters(&mut conn).await?.as_slice() {
            [one] => Ok(*one),
            [] => bail!("no letters are recorded as posted"),
            _ => bail!("letters of more than one incident were posted: say which with --incident"),
        }
    }
}

impl Discard {
    async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::ImportScope, self.by.as_deref()).await?;
        let batch = post::discard(app, by, self.batch).await?;
        let people = people(batch.people);
        say(format!("the list of {people} is discarded"))
    }
}
