//! The command line: one file a command. What it prints is for people, or with `--json` for programs;
//! it exits with 0 if the command succeeded, 1 if not, 2 for wrong usage.

mod audience;
mod audit;
mod campaign;
mod campaign_draft;
mod campaign_move;
mod check;
mod db;
mod demo;
mod forget;
mod import;
mod key;
mod letters;
mod letters_restore;
mod lint;
mod lookup;
mod migrate;
mod new_file;
mod recall;
mod sample_notice;
mod serve;
mod staff;
mod stop;
mod template;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::address::EmailAddress;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::keys;
use crate::id::StaffId;
use crate::staff::{self as accounts, Right};
use crate::template::rules::Rules;

/// Notifies people after their data was stolen, proves it, and answers their questions.
#[derive(Debug, Parser)]
#[command(
    name = "candor",
    version,
    after_help = "Example:\n  candor --config /etc/candor.toml serve"
)]
struct Cli {
    /// Settings over the defaults; `config/default.toml` explains every key
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

// Evidence takes its place here.
#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Work(serve::Work),
    Run(serve::Run),
    Demo(demo::Demo),
    Migrate(migrate::Migrate),
    Check(check::Check),
    Import(import::Import),
    Letters(letters::Letters),
    Forget(forget::Forget),
    #[command(subcommand)]
    Campaign(campaign::Campaign),
    Lint(lint::Lint),
    #[command(subcommand)]
    Template(template::Template),
    #[command(subcommand)]
    Recall(recall::Recall),
    Stop(stop::Stop),
    Start(stop::Start),
    #[command(subcommand)]
    Staff(staff::Staff),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Db(db::Db),
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(run(cli));
    runtime.shutdown_timeout(Duration::from_secs(2));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn run(cli: Cli) -> Result<()> {
    let settings = Settings(cli.config);
    match cli.command {
        Command::Serve(command) => command.run(&settings).await,
        Command::Work(command) => command.run(&settings).await,
        Command::Run(command) => command.run(&settings).await,
        Command::Demo(command) => Box::pin(command.run(&settings)).await,
        Command::Import(command) => command.run(&settings).await,
        Command::Letters(command) => command.run(&settings).await,
        Command::Forget(command) => command.run(&settings).await,
        Command::Campaign(command) => command.run(&settings).await,
        Command::Lint(command) => command.run(&settings).await,
        Command::Template(command) => command.run(&settings).await,
        Command::Recall(command) => command.run(&settings).await,
        Command::Stop(command) => command.run(&settings).await,
        Command::Start(command) => command.run(&settings).await,
        Command::Migrate(command) => command.run(&settings).await,
        Command::Check(command) => command.run(&settings).await,
        Command::Staff(command) => command.run(&settings).await,
        Command::Key(command) => command.run(&settings).await,
        Command::Audit(command) => command.run(&settings).await,
        Command::Db(command) => command.run(&settings).await,
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // If standard error is closed, there is no place for the message.
    let _ = writeln!(io::stderr(), "candor: {error:#}");
    ExitCode::FAILURE
}

/// Where the settings come from.
struct Settings(Option<PathBuf>);

impl Settings {
    fn load(&self) -> Result<Config> {
        let config = Config::load(self.0.as_deref())?;
        // A wrong rule is found before anything starts.
        Rules::of(&config)?;
        Ok(config)
    }

    fn app(&self) -> Result<App> {
        Ok(App::new(self.load()?, Clock::system())?)
    }

    /// The program for what needs neither the master key nor the keys that sign.
    fn without_keys(&self) -> Result<App> {
        Ok(App::without_keys(self.load()?, Clock::system())?)
    }

    /// The program, after a check that its keys are those of the database: other keys make unusable links and seals.
    async fn ready(&self) -> Result<App> {
        let app = self.app()?;
        keys::check(&app).await?;
        Ok(app)
    }
}

/// The account that acts: the one with this address, or the only one with the right.
async fn account(app: &App, right: Right, by: Option<&str>) -> Result<StaffId> {
    let mut conn = app.db.get().await?;
    let named = |one: &accounts::Staff| {
        let address = one.email.as_ref().map(EmailAddress::as_str);
        by.is_none_or(|by| address.is_some_and(|address| address.eq_ignore_ascii_case(by)))
    };
    let may: Vec<_> = accounts::store::list(&mut conn)
        .await?
        .into_iter()
        .filter(|one| one.disabled_at.is_none() && one.may(right) && named(one))
        .collect();
    match may.as_slice() {
        [one] => Ok(one.id),
        [] => bail!("no such account may do this; `candor staff list` shows who has which role"),
        _ => bail!("more than one account may do this: say which with --as ADDRESS"),
    }
}

/// Prints a line.
fn say(line: impl std::fmt::Display) -> Result<()> {
    match writeln!(io::stdout(), "{line}") {
        // The reader has seen enough: `candor staff list | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Prints a warning to standard error; the command goes on.
fn warn(what: impl std::fmt::Display) {
    // If standard error is closed, there is no place for the message.
    let _ = writeln!(io::stderr(), "candor: warning: {what}");
}

/// Prints data for programs.
fn say_json(data: &impl Serialize) -> Result<()> {
    say(serde_json::to_string_pretty(data)?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed_and_each_shows_an_example() {
        fn check(command: &clap::Command) {
            let leaf = command.get_subcommands().next().is_none();
            let example = command
                .get_after_help()
                .is_some_and(|h| h.to_string().contains("Example"));
            assert!(!leaf || example, "{} has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        Cli::command().debug_assert();
        check(&Cli::command());
    }

    #[test]
    fn the_settings_are_named_before_or_after_the_command() {
        for line in ["candor --config x check", "candor check --config x"] {
            let cli = Cli::try_parse_from(line.split(' ')).expect("readable");
            assert_eq!(cli.config, Some(PathBuf::from("x")));
        }
        let usage = Cli::try_parse_from(["candor", "dance"]).expect_err("no such command");
        assert_eq!(usage.exit_code(), 2);
    }
}
