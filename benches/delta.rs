//! The second half of `script/bench import`: activates a delta of a tenth of the people, while a reader polls the
//! account as the console does.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candor::incident::store::find_by_slug;
use candor::notice::account::account;

use crate::import::{COLUMNS, Measured, Somebody, everybody, import};
use crate::stage::{Failure, app};

/// Interval between two reads of the account.
const POLL: Duration = Duration::from_millis(5);

/// Half of the rows have new elements, a third are new people, the rest are retractions; each person is in it once.
/// Every tenth person in scope, so that they are spread over the table; new people come last.
fn write_delta(path: &Path, people: u64) -> Result<u64, Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(out, "{COLUMNS},flags")?;
    let mut rows = 0;
    for Somebody { n, cells, lost } in everybody(people).step_by(10) {
        match rows % 6 {
            0..3 => writeln!(out, "SU-{n:09},{cells},{lost};imei,"),
            3..5 => writeln!(out, "SU-{:09},new{n}.{cells},{lost},", people + n),
            _ => writeln!(out, "SU-{n:09},{cells},{lost},retract"),
        }?;
        rows += 1;
    }
    out.flush()?;
    Ok(rows)
}

/// The duration of each read of the account, and the number of reads with a wrong sum.
async fn poll(url: String, done: Arc<AtomicBool>) -> Result<(Vec<Duration>, usize), Failure> {
    let app = app(&url)?;
    let mut conn = app.db.get().await?;
    let incident = find_by_slug(&mut conn, "bench").await?.id;
    let (mut looks, mut wrong) = (Vec::new(), 0);
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        let seen = account(&mut conn, incident).await?;
        looks.push(start.elapsed());
        let parts = seen.notified + seen.in_progress + seen.needs_letter + seen.withheld;
        wrong += usize::from(seen.unexplained != 0 || parts != seen.people);
        tokio::time::sleep(POLL).await;
    }
    looks.sort_unstable();
    Ok((looks, wrong))
}

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run(url: &str, list: &Path, people: u64, first: Duration) -> Result<(), Failure> {
    let rows = write_delta(list, people)?;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(poll(url.to_owned(), Arc::clone(&done)));
    let (address, list) = (url.to_owned(), list.to_owned());
    let imported =
        tokio::task::spawn_blocking(move || import(&address, &list, &["--delta"])).await?;
    done.store(true, Ordering::Relaxed);
    let (looks, wrong) = reader.await??;
    let Measured { took, used, phases } = imported?;
    let at = |part: f64| looks[((looks.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    println!("delta of {rows} rows over {people} people, put in force");
    println!("  in                        {:>9.1} s", took.as_secs_f64());
    println!(
        "  ratio to the first import {:>9.2} (goal below 0.33)",
        took.as_secs_f64() / first.as_secs_f64()
    );
    println!("  peak memory               {:>9.1} MiB", used.mib);
    println!("  seconds: {phases}");
    println!(
        "  account meanwhile: {} looks, {wrong} wrong sums; p50 {:.1} ms, p99 {:.1} ms (goal 50), longest {:.1} ms",
        looks.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}
