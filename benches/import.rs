//! `script/bench import`: a list of a million people through the whole import, compared with `psql \copy` of the same
//! file into a plain table of the same Postgres.
//!
//! `CANDOR_BENCH_ROWS` sets the number of rows, `CANDOR_BENCH_DIR` another disk.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use candor::incident::{self, Facts};

use crate::delta;
use crate::stage::{Failure, Place, Used, app, connect, environment, sql, staff, watch};

/// The longest list that is also copied into a table with indexes.
const INDEXED_MOST: u64 = 2_000_000;
const SEED: u64 = 2021;
/// The first line of the list: six columns, every cell of them filled.
pub const COLUMNS: &str = "reference,email,name,jurisdiction,postcode,elements";
/// A table without key and index.
const PLAIN: &str = "drop table if exists plain; create table plain
    (reference text, email text, name text, jurisdiction text, postcode text, elements text)";
/// The indexes by which Candor finds a person: reference, e-mail, or name and postcode.
const FINDABLE: &str = "create unique index on plain (reference); create index on plain (email);
    create index on plain (name, postcode)";

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run() -> Result<(), Failure> {
    let rows = match std::env::var("CANDOR_BENCH_ROWS") {
        Ok(rows) => rows.replace('_', "").parse()?,
        Err(_) => 1_000_000,
    };
    let place = Place::new("import")?;
    let list = place.0.join("list.csv");
    write_list(&list, rows)?;
    let (cluster, url) = place.database(50).await?;
    prepare(&url).await?;

    let before = plain(&url, &list, "").await?;
    let candor = candor(&url, &list).await?;
    let after = plain(&url, &list, "").await?;
    // At ten million rows it takes longer than the rest of the benchmark, and adds no information.
    let findable = match rows {
        ..=INDEXED_MOST => Some(plain(&url, &list, FINDABLE).await?),
        _ => None,
    };

    print(rows, [before, after], findable, &candor);
    sizes(&url, rows).await?;
    std::fs::remove_file(&list)?;
    delta::run(&url, &place.0.join("delta.csv"), rows, candor.took).await?;
    cluster.stop().await?;
    Ok(())
}

fn print(rows: u64, [before, after]: [Duration; 2], findable: Option<Duration>, candor: &Measured) {
    let rate = |took: Duration| rows as f64 / took.as_secs_f64();
    let plain = (rate(before) + rate(after)) / 2.0;
    let ours = rate(candor.took);
    let (took, peak) = (candor.took.as_secs_f64(), candor.used.mib);
    println!("import of {rows} rows of six columns");
    println!("  psql \\copy, plain table    {plain:>9.0} rows/s");
    if let Some(findable) = findable {
        let indexed = rate(findable);
        println!("  psql \\copy, with indexes   {indexed:>9.0} rows/s");
    }
    println!("  candor import --activate  {ours:>9.0} rows/s, in {took:.1} s");
    println!(
        "  ratio to the plain table  {:>9.2} (goal 0.35, below 0.20 is a defect)",
        ours / plain
    );
    if let Some(findable) = findable {
        println!("  ratio to the indexed one  {:>9.2}", ours / rate(findable));
    }
    println!("  peak memory               {peak:>9.1} MiB (limit 128)");
    println!(
        "  processor time            {:>9.1} s, Postgres not counted",
        candor.used.cpu
    );
    println!("  seconds: {}", candor.phases);
}

/// SplitMix64: the same seed, the same list.
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap_or(0)]
    }
}

/// A person in the list.
pub struct Somebody {
    /// Their index in the list.
    pub n: u64,
    /// Their cells, except for reference and elements.
    pub cells: String,
    /// Their elements.
    pub lost: &'static str,
}

/// All people, the same at each call.
pub fn everybody(rows: u64) -> impl Iterator<Item = Somebody> {
    const FIRST: &[&str] = &[
        "Ada", "Ben", "Chloë", "Dinah", "Emeka", "Fatima", "Grace", "Hiro",
    ];
    const LAST: &[&str] = &[
        "Andersson",
        "Baker",
        "Castillo",
        "Dubois",
        "Eze",
        "Fischer",
        "Nguyen",
    ];
    const LAW: &[&str] = &["US-CA", "US-TX", "US-NY", "US-WA", "DE", "FR", "GB"];
    const LOST: &[&str] = &[
        "name;dob;ssn",
        "name;phone",
        "name;ssn;driver_licence",
        "phone;carrier_pin",
    ];
    let mut random = Random(SEED);
    (0..rows).map(move |n| {
        let (first, last) = (random.one_of(FIRST), random.one_of(LAST));
        let (law, lost) = (random.one_of(LAW), random.one_of(LOST));
        let (number, postcode) = (random.below(10_000_000), random.below(100_000));
        let cells = format!(
            "{last}.{number}@example{}.org,{first} {last},{law},{postcode:05}",
            n % 50
        );
        Somebody { n, cells, lost }
    })
}

fn write_list(path: &Path, rows: u64) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(out, "{COLUMNS}")?;
    for Somebody { n, cells, lost } in everybody(rows) {
        writeln!(out, "SU-{n:09},{cells},{lost}")?;
    }
    out.flush()?;
    Ok(())
}

/// An account and an incident.
async fn prepare(url: &str) -> Result<(), Failure> {
    let app = app(url)?;
    let by = staff(&app, "comms").await?;
    incident::steer::open(&app, by, "bench", "A breach", &Facts::new()).await?;
    Ok(())
}

/// The duration of `psql \copy`. The server writes nothing else at the same time.
async fn plain(url: &str, list: &Path, indexes: &str) -> Result<Duration, Failure> {
    sql(url, PLAIN).await?;
    sql(url, indexes).await?;
    sql(url, "checkpoint").await?;
    let start = Instant::now();
    let copy = format!(
        "\\copy plain from '{}' with (format csv, header)",
        list.display()
    );
    let done = Command::new("psql")
        .args(["-qX", "-v", "ON_ERROR_STOP=1", url, "-c", &copy])
        .status()?;
    let took = start.elapsed();
    if !done.success() {
        return Err("psql failed".into());
    }
    sql(url, "drop table plain").await?;
    Ok(took)
}

/// The costs of one import.
pub struct Measured {
    /// All of it.
    pub took: Duration,
    /// The program's resources.
    pub used: Used,
    /// Seconds of its phases, as the program reports them.
    pub phases: String,
}

async fn candor(url: &str, list: &Path) -> Result<Measured, Failure> {
    sql(url, "checkpoint").await?;
    import(url, list, &[])
}

/// The whole command, with its memory watched.
///
/// # Errors
/// If it fails.
pub fn import(url: &str, list: &Path, more: &[&str]) -> Result<Measured, Failure> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_candor"))
        .args(["import", "--incident", "bench", "--activate", "--json"])
        .args(more)
        .arg("--rejects")
        .arg(list.with_extension("rejects.csv"))
        .arg(list)
        .envs(environment(url))
        .stdout(Stdio::piped())
        .spawn()?;
    let used = watch(&mut child)?;
    let took = start.elapsed();
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err("candor import failed".into());
    }
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let phases = said["seconds"].to_string();
    Ok(Measured { took, used, phases })
}

/// Octets of one person in the database.
async fn sizes(url: &str, rows: u64) -> Result<(), Failure> {
    let sql = "select relname::text, pg_relation_size(oid) from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')
            and (relname ~ '^(person|scope_row)') and pg_relation_size(oid) > 100000 order by 2 desc";
    for row in connect(url).await?.query(sql, &[]).await? {
        let (name, size): (String, i64) = (row.get(0), row.get(1));
        println!(
            "  {name:<44} {:>6.1} octets a person",
            size as f64 / rows as f64
        );
    }
    Ok(())
}
