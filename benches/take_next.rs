//! `script/bench take-next`: agents take the next ticket, each as fast as possible, compared with the bare claim: its
//! one necessary statement, without the record. Both use the same queue of tickets in one run. The audit log is linked
//! at the same time, and must verify afterwards.
//!
//! `CANDOR_BENCH_TICKETS` (100,000): the number of waiting tickets. `CANDOR_BENCH_SECONDS` (10): the duration of each
//! measurement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use candor::app::App;
use candor::audit::{link, verify};
use candor::clock::Clock;
use candor::config::Config;
use candor::id::{IncidentId, StaffId, TicketId};
use candor::incident::{self, Facts};
use candor::shutdown::Shutdown;
use candor::ticket::agent;
use candor::worker;

use crate::stage::{Failure, Place, connect, environment, sql, staff};

/// Concurrent agents.
const AGENTS: usize = 64;
/// Tickets written in one statement.
const CHUNK: usize = 5_000;
/// The claim of `ticket::store`.
const CLAIM: &str = "with next as (select id from ticket where status in ('new', 'open') and assignee is null \
     and not exists (select from incident gone where gone.id = ticket.incident_id \
     and gone.forgotten_at is not null) order by urgency desc, queued_at, id limit 1 for no key update skip locked) \
     update ticket set status = 'open', assignee = $1, lease_until = now() + interval '1 hour', updated_at = now(), \
     version = version + 1 from next where ticket.id = next.id returning ticket.id";

fn setting(name: &str, default: u64) -> Result<u64, Failure> {
    match std::env::var(name) {
        Ok(set) => Ok(set.replace('_', "").parse()?),
        Err(_) => Ok(default),
    }
}

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run() -> Result<(), Failure> {
    let tickets = setting("CANDOR_BENCH_TICKETS", 100_000)?;
    let lasting = Duration::from_secs(setting("CANDOR_BENCH_SECONDS", 10)?);
    let place = Place::new("take-next")?;
    let (cluster, url) = place.database(200).await?;
    let app = app(&url)?;
    let mut agents = Vec::new();
    for _ in 0..AGENTS {
        agents.push(staff(&app, "agent").await?);
    }
    fill(&app, &url, tickets).await?;
    sql(&url, "vacuum analyze ticket").await?;
    sql(&url, "checkpoint").await?;

    let shutdown = Shutdown::new();
    shutdown.spawn(worker::audit_log::run(app.clone(), shutdown.clone()));
    let before = bare(&url, &agents, lasting).await?;
    let (ours, slowest) = taken(&app, &agents, lasting).await?;
    let after = bare(&url, &agents, lasting).await?;
    let waiting = Instant::now();
    link::all(&app).await?;
    let waited = waiting.elapsed();
    shutdown.leave();
    shutdown.wait(Duration::from_secs(10)).await;

    let report = verify::verify(&app).await?;
    let seconds = lasting.as_secs_f64();
    let (plain, candor) = (
        (before + after) as f64 / 2.0 / seconds,
        ours as f64 / seconds,
    );
    println!("take-next with {AGENTS} agents, {tickets} tickets in the queue");
    println!(
        "  bare claim                {plain:>9.0} /s (before {before}, after {after} in {seconds:.0} s)"
    );
    println!(
        "  take-next                 {candor:>9.0} /s, slowest {:.0} ms",
        slowest.as_secs_f64() * 1_000.0
    );
    println!(
        "  ratio                     {:>9.2} (goal 0.5)",
        candor / plain
    );
    println!(
        "  audit log                 {} events, {}; the rest was linked at the end in {:.2} s",
        report.events,
        if report.is_whole() {
            "whole"
        } else {
            "NOT WHOLE"
        },
        waited.as_secs_f64()
    );
    cluster.stop().await?;
    let recorded = u64::try_from(report.events).unwrap_or(0);
    match report.is_whole() && recorded >= ours {
        true => Ok(()),
        false => Err(format!("{ours} taken, {:?}", report.flaws).into()),
    }
}

/// The program with a connection for each agent.
fn app(url: &str) -> Result<App, Failure> {
    let pool = (
        "CANDOR__DATABASE__POOL".to_owned(),
        (AGENTS + 6).to_string(),
    );
    let env = environment(url).map(|(key, value)| (key.to_owned(), value.to_owned()));
    let env = env.into_iter().chain([pool]);
    Ok(App::new(Config::from_parts(None, env)?, Clock::system())?)
}

/// Puts tickets into the queue.
async fn fill(app: &App, url: &str, tickets: u64) -> Result<(), Failure> {
    let by = staff(app, "comms").await?;
    let incident = incident::steer::open(app, by, "bench", "A breach", &Facts::new()).await?;
    let key = incident.key(&app.keys)?.ok_or("a new incident has a key")?;
    let id = incident.id;
    let client = connect(url).await?;
    let insert = "insert into ticket (id, number, incident_id, status, channel, locale, subject, urgency, urgency_why,
            queued_at, created_at, updated_at, waits_since)
        select t.id, t.number, $4, 'new', 'web', 'en', t.subject, (t.n % 60)::int, 'exposure 3 of 5',
            now() - t.n * interval '1 second', now(), now(), now()
        from unnest($1::uuid[], $2::text[], $3::bytea[], $5::bigint[]) as t (id, number, subject, n)";
    let all: Vec<u64> = (0..tickets).collect();
    for some in all.chunks(CHUNK) {
        write(&client, insert, id, some, |id: TicketId| {
            key.seal(id.uuid().as_bytes(), b"What was taken?")
        })
        .await?;
    }
    Ok(())
}

async fn write(
    client: &tokio_postgres::Client,
    insert: &str,
    incident: IncidentId,
    some: &[u64],
    seal: impl Fn(TicketId) -> Vec<u8>,
) -> Result<(), Failure> {
    let now = Clock::system().now();
    let ids: Vec<TicketId> = some.iter().map(|_| TicketId::new(now)).collect();
    let uuids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let number = |n: &u64| {
        let digits = format!("{n:08X}");
        format!("{}-{}", &digits[..4], &digits[4..])
    };
    let numbers: Vec<String> = some.iter().map(number).collect();
    let subjects: Vec<Vec<u8>> = ids.into_iter().map(seal).collect();
    let order: Vec<i64> = some.iter().map(|n| n.cast_signed()).collect();
    client
        .execute(
            insert,
            &[&uuids, &numbers, &subjects, &incident.uuid(), &order],
        )
        .await?;
    Ok(())
}

/// The number of tickets that the bare statement claims.
async fn bare(url: &str, agents: &[StaffId], lasting: Duration) -> Result<u64, Failure> {
    let count = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for agent in agents {
        let (client, agent, count) = (connect(url).await?, agent.uuid(), Arc::clone(&count));
        let claim = client.prepare(CLAIM).await?;
        tasks.push(tokio::spawn(async move {
            let begun = Instant::now();
            while begun.elapsed() < lasting {
                if client.query_opt(&claim, &[&agent]).await?.is_none() {
                    return Err("no ticket is left: set CANDOR_BENCH_TICKETS higher".into());
                }
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(count.load(Ordering::Relaxed))
}

/// The number of tickets that agents take, and the duration of the slowest act.
async fn taken(
    app: &App,
    agents: &[StaffId],
    lasting: Duration,
) -> Result<(u64, Duration), Failure> {
    let mut tasks = Vec::new();
    for agent in agents {
        let (app, agent) = (app.clone(), *agent);
        tasks.push(tokio::spawn(async move {
            let (begun, mut count, mut slowest) = (Instant::now(), 0, Duration::ZERO);
            while begun.elapsed() < lasting {
                let asked = Instant::now();
                if agent::take_next(&app, agent).await?.is_none() {
                    return Err("no ticket is left: set CANDOR_BENCH_TICKETS higher".into());
                }
                slowest = slowest.max(asked.elapsed());
                count += 1;
            }
            Ok::<(u64, Duration), Failure>((count, slowest))
        }));
    }
    let (mut count, mut slowest) = (0, Duration::ZERO);
    for task in tasks {
        let (more, slow) = task.await??;
        count += more;
        slowest = slowest.max(slow);
    }
    Ok((count, slowest))
}
