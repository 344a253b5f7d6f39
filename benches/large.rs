//! `script/bench large`: one campaign of ten million notices. The time to the first message, the rates of the first and
//! the last million, the octets of a notice in the database, and the time to read its progress. Half way, a second
//! campaign must get its share, and a message of the helpline must not wait.
//!
//! `CANDOR_BENCH_NOTICES` makes it smaller; then a tenth replaces the million.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candor::app::App;
use candor::campaign::{launch, store};
use candor::id::{CampaignId, IncidentId, PersonId};
use candor::ticket::intake;

use crate::send::{Ready, Sink, approved, sender};
use crate::stage::{Failure, Place, app, connect, watch};

/// Notices of the second campaign.
const SECOND: u64 = 20_000;

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run() -> Result<(), Failure> {
    let notices: u64 = match std::env::var("CANDOR_BENCH_NOTICES") {
        Ok(n) => n.replace('_', "").parse()?,
        Err(_) => 10_000_000,
    };
    let place = Place::new("large")?;
    let (cluster, url) = place.database(100).await?;
    let first = approved(&url, "large", notices).await?;
    let second = approved(&url, "second", SECOND).await?;
    let before = size(&url).await?;
    let sink = Sink::start()?;
    let mut worker = sender(&url, &place.0, &sink.relay(64), "large")?;

    let program = app(&url)?;
    println!("a campaign of {notices} notices");
    let launched = Instant::now();
    launch::launch(&program, first.comms, first.campaign).await?;
    until(
        &url,
        "select exists (select from outcome where settled and result = 'accepted')",
    )
    .await?;
    println!(
        "  first accepted            {:>9.1} s after the launch (goal 5)",
        launched.elapsed().as_secs_f64()
    );

    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(poll(url.clone(), first.campaign, Arc::clone(&done)));
    two_campaigns(&url, &program, (&first, &second), notices / 2).await?;
    done.store(true, Ordering::Relaxed);
    let (looks, longest) = reader.await??;
    println!(
        "  reading the progress      {:>9.1} ms p99 of {} looks (goal 50), longest {longest:.1} ms",
        p99(&looks),
        looks.len()
    );
    rates(&url, first.campaign, notices).await?;
    let grown = size(&url).await? - before;
    println!(
        "  database                  {:>9.0} octets a notice",
        grown as f64 / notices as f64
    );
    Command::new("kill").arg(worker.id().to_string()).status()?;
    println!(
        "  peak memory of the sender {:>9.1} MiB (limit 256)",
        watch(&mut worker)?.mib
    );
    cluster.stop().await?;
    Ok(())
}

/// From half of the first campaign on, the second campaign and a question; then the end of both.
async fn two_campaigns(
    url: &str,
    program: &App,
    (first, second): (&Ready, &Ready),
    half: u64,
) -> Result<(), Failure> {
    let accepted = format!(
        "select coalesce((select n from campaign_count where campaign_id = '{}' and status = 'sent'), 0) >= {half}",
        first.campaign.uuid()
    );
    until(url, &accepted).await?;
    launch::launch(program, second.comms, second.campaign).await?;
    ask(url, first.incident).await?;
    until(
        url,
        &format!(
            "select status = 'completed' from campaign where id = '{}'",
            second.campaign.uuid()
        ),
    )
    .await?;
    share(url, second.campaign).await?;
    until(
        url,
        "select not exists (select from campaign where status <> 'completed')",
    )
    .await?;
    Ok(())
}

async fn until(url: &str, sql: &str) -> Result<(), Failure> {
    let client = connect(url).await?;
    while !client.query_one(sql, &[]).await?.get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn size(url: &str) -> Result<i64, Failure> {
    let sql = "select pg_database_size(current_database())";
    Ok(connect(url).await?.query_one(sql, &[]).await?.get(0))
}

/// Reads the progress as its page does, ten times a second.
async fn poll(
    url: String,
    id: CampaignId,
    done: Arc<AtomicBool>,
) -> Result<(Vec<f64>, f64), Failure> {
    let app = app(&url)?;
    let mut looks = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        let mut conn = app.db.get().await?;
        store::find(&mut conn, id).await?;
        store::progress(&mut conn, id).await?;
        store::pace(&mut conn, id).await?;
        drop(conn);
        looks.push(start.elapsed().as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    looks.sort_by(f64::total_cmp);
    let longest = looks.last().copied().unwrap_or(0.0);
    Ok((looks, longest))
}

fn p99(looks: &[f64]) -> f64 {
    looks[(looks.len().saturating_sub(1) as f64 * 0.99) as usize]
}

/// A customer asks on their page; returns the time until their receipt leaves.
async fn ask(url: &str, incident: IncidentId) -> Result<(), Failure> {
    let app = app(url)?;
    let sql = "select id from person where incident_id = $1 limit 1";
    let row = connect(url)
        .await?
        .query_one(sql, &[&incident.uuid()])
        .await?;
    let start = Instant::now();
    intake::ask(
        &app,
        incident,
        PersonId::from_uuid(row.get(0)),
        "",
        "What was taken?",
    )
    .await?;
    until(
        url,
        "select exists (select from outbox where status = 'sent')",
    )
    .await?;
    println!(
        "  a receipt of the helpline {:>9.1} s (goal 5)",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The second campaign's share of the messages that left while it was running.
async fn share(url: &str, second: CampaignId) -> Result<(), Failure> {
    let sql = "select extract(epoch from max(at) - min(at))::float8, count(*)::float8 / (select count(*) from outcome o
            where o.settled and o.result = 'accepted' and o.at between min(s.at) and max(s.at))
        from outcome s where s.campaign_id = $1 and s.settled and s.result = 'accepted'
            and s.at > (select min(at) + interval '2 s' from outcome where campaign_id = $1)";
    let row = connect(url)
        .await?
        .query_one(sql, &[&second.uuid()])
        .await?;
    let (seconds, part): (f64, f64) = (row.get(0), row.get(1));
    println!(
        "  the second campaign       {:>9.0} % of what left in its {seconds:.1} s (fair: 50)",
        part * 100.0
    );
    Ok(())
}

/// The rates of the first and the last tenth.
async fn rates(url: &str, id: CampaignId, notices: u64) -> Result<(), Failure> {
    let sql = "with o as (select at, row_number() over (order by at) as n from outcome
            where campaign_id = $1 and settled and result = 'accepted')
        select extract(epoch from max(at) filter (where n <= $2) - min(at))::float8,
            extract(epoch from max(at) - min(at) filter (where n > $3))::float8,
            extract(epoch from max(at) - min(at))::float8 from o";
    let tenth = i64::try_from(notices / 10)?;
    let rest = i64::try_from(notices)? - tenth;
    let row = connect(url)
        .await?
        .query_one(sql, &[&id.uuid(), &tenth, &rest])
        .await?;
    let rate = |seconds: f64, n: i64| n as f64 / seconds;
    let (first, last) = (rate(row.get(0), tenth), rate(row.get(1), tenth));
    println!(
        "  all                       {:>9.0} messages/s",
        rate(row.get(2), i64::try_from(notices)?)
    );
    println!("  first tenth               {first:>9.0} messages/s");
    println!(
        "  last tenth                {last:>9.0} messages/s, ratio {:.2} (goal 0.9)",
        last / first
    );
    Ok(())
}
