//! `script/bench send`: a campaign through `candor work` to Postfix's smtp-sink, with all features on, compared with
//! Postfix's own smtp-source on the same sink. The same on a single connection, which shows at once if TCP_NODELAY is
//! lost (then it is 22 messages per second). With DKIM, compared with the signatures that the cores can make. And the
//! rate of lettre's own pool with finished messages.
//!
//! `CANDOR_BENCH_NOTICES` sets the number of notices.

use std::fs;
use std::io::{Cursor, Read};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candor::campaign::store::NewCampaign;
use candor::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, launch};
use candor::id::{CampaignId, IncidentId, StaffId};
use candor::incident::{Facts, IncidentState, steer};
use candor::scope::consent::Consent;
use candor::scope::import::Source;
use candor::scope::{self, ScopeMode};
use candor::template::{Variant, Variants, edit};

use crate::stage::{Failure, Place, Used, app, connect, environment, staff, watch};
use crate::{pool, sign};

const SINGLE: u64 = 10_000;
const SIGNED: u64 = 20_000;
const POOLED: u64 = 5_000;
const BODY: &str = "Dear {{ name }},\n\nsomebody copied data from one of our systems. Of yours: {{ elements }}.\n\n\
    {{ guidance }}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}";

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run() -> Result<(), Failure> {
    let notices = match std::env::var("CANDOR_BENCH_NOTICES") {
        Ok(n) => n.replace('_', "").parse()?,
        Err(_) => 200_000,
    };
    let place = Place::new("send")?;
    let (cluster, url) = place.database(100).await?;
    let sink = Sink::start()?;
    let sample = sample(&url, &place.0).await?;
    let size = sample.len() as u64;

    let before = sink.source(notices, size)?;
    let relay = sink.relay(64);
    let wide = campaign(&url, &place.0, &relay, "wide", notices).await?;
    let after = sink.source(notices, size)?;
    let relay = sink.relay(1);
    let single = campaign(&url, &place.0, &relay, "single", SINGLE.min(notices)).await?;
    let (could_sign, key) = sign::capacity(&place.0)?;
    let relay = format!(
        "{}\n[[mail.dkim]]\ndomain = \"sundmere.example\"\nselector = \"s\"\nkey_file = {:?}\n",
        sink.relay(64),
        key.display().to_string()
    );
    let signed = campaign(&url, &place.0, &relay, "signed", SIGNED.min(notices)).await?;
    let pooled = pool::rate(sink.port, POOLED.min(notices), &sample).await?;

    println!("send of {notices} notices of {size} octets to smtp-sink");
    report_wide((before + after) / 2.0, &wide, notices);
    println!(
        "  candor work, 1 connection {:>9.0} messages/s (goal 500)",
        single.rate
    );
    println!(
        "  candor work, DKIM RSA-2048{:>9.0} messages/s, {:.2} of the {could_sign:.0} signatures/s of these cores (goal 0.8)",
        signed.rate,
        signed.rate / could_sign
    );
    println!("  lettre's pool, 64, no record {pooled:>6.0} messages/s");
    cluster.stop().await?;
    Ok(())
}

/// Prints the rates on 64 connections.
fn report_wide(yardstick: f64, wide: &Measured, notices: u64) {
    let ours = wide.rate;
    println!("  smtp-source -s 16 -d      {yardstick:>9.0} messages/s");
    println!("  candor work, 64 connections {ours:>7.0} messages/s");
    println!(
        "  ratio                     {:>9.2} (goal 1.0, below 0.7 is a defect)",
        ours / yardstick
    );
    println!(
        "  peak memory of the sender {:>9.1} MiB (limit 256)",
        wide.used.mib
    );
    println!(
        "  processor time of the sender {:>6.1} µs a message",
        wide.used.cpu * 1e6 / notices as f64
    );
}

/// A program of Postfix: where script/bootstrap unpacked it, otherwise on the PATH.
fn postfix(name: &str) -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("var/tools/bin")
        .join(name);
    if ours.is_file() {
        ours
    } else {
        PathBuf::from(name)
    }
}

/// smtp-sink on a port of its own; it ends with this value.
pub struct Sink {
    process: Child,
    port: u16,
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sink {
    /// Starts it.
    ///
    /// # Errors
    /// If it does not listen.
    pub fn start() -> Result<Self, Failure> {
        // It binds with SO_REUSEPORT, so only a port that the system chose is ours alone.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(postfix("smtp-sink"));
        if Command::new("id").arg("-u").output()?.stdout == b"0\n" {
            command.args(["-u", "nobody"]);
        }
        command
            .arg(format!("127.0.0.1:{port}"))
            .arg("200")
            .stdin(Stdio::null());
        let sink = Self {
            process: command.spawn()?,
            port,
        };
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(sink);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("smtp-sink does not listen".into())
    }

    /// The relay's entry in the configuration.
    pub fn relay(&self, connections: usize) -> String {
        format!(
            "url = \"smtp://127.0.0.1:{}\"\nconnections = {connections}\n",
            self.port
        )
    }

    /// Messages per second of the yardstick, with messages of the same size.
    fn source(&self, messages: u64, size: u64) -> Result<f64, Failure> {
        let (count, to) = (messages.to_string(), format!("127.0.0.1:{}", self.port));
        let size = size.to_string();
        let begun = Instant::now();
        let done = Command::new(postfix("smtp-source"))
            .args(["-s", "16", "-d", "-l", &size, "-m", &count, &to])
            .status()?;
        let took = begun.elapsed();
        if !done.success() {
            return Err("smtp-source failed".into());
        }
        Ok(messages as f64 / took.as_secs_f64())
    }
}

struct Measured {
    rate: f64,
    used: Used,
}

/// A campaign to `people` new people, launched, then sent by a `candor work` through a relay.
async fn campaign(
    url: &str,
    place: &Path,
    relay: &str,
    slug: &str,
    people: u64,
) -> Result<Measured, Failure> {
    prepare(url, slug, people).await?;
    let mut worker = sender(url, place, relay, slug)?;
    let rate = until_sent(url, &mut worker, people).await?;
    // It is told to stop, and its memory is read until it has stopped.
    Command::new("kill").arg(worker.id().to_string()).status()?;
    let used = watch(&mut worker)?;
    Ok(Measured { rate, used })
}

/// A notice of the measured campaigns, as a relay stores it in a file.
async fn sample(url: &str, place: &Path) -> Result<Vec<u8>, Failure> {
    let folder = place.join("notices");
    fs::create_dir_all(&folder)?;
    let relay = format!("url = \"file://{}\"\n", folder.display());
    campaign(url, place, &relay, "size", 1).await?;
    let notice = fs::read_dir(&folder)?
        .next()
        .ok_or("no notice was kept")??;
    Ok(fs::read(notice.path())?)
}

/// A `candor work` that sends to a relay.
///
/// # Errors
/// If it does not start.
pub fn sender(url: &str, place: &Path, relay: &str, slug: &str) -> Result<Child, Failure> {
    let config = place.join(format!("{slug}.toml"));
    fs::write(
        &config,
        format!("[[mail.relays]]\nname = \"relay\"\n{relay}"),
    )?;
    Ok(Command::new(env!("CARGO_BIN_EXE_candor"))
        .arg("--config")
        .arg(&config)
        .arg("work")
        .envs(environment(url))
        .env("CANDOR__LOG__LEVEL", "error")
        .env(
            "CANDOR__ORGANISATION__FROM_ADDRESS",
            "notice@sundmere.example",
        )
        .stdin(Stdio::null())
        .spawn()?)
}

/// Messages per second between the first and the last result.
async fn until_sent(url: &str, worker: &mut Child, people: u64) -> Result<f64, Failure> {
    let client = connect(url).await?;
    let open = "select count(*) from campaign where status <> 'completed'";
    while client.query_one(open, &[]).await?.get::<_, i64>(0) > 0 {
        if worker.try_wait()?.is_some() {
            return Err("candor work ended too soon".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let rate = "select count(*), extract(epoch from max(at) - min(at))::float8 from outcome
        where settled and campaign_id = (select id from campaign order by created_at desc limit 1)
            and result = 'accepted'";
    let row = client.query_one(rate, &[]).await?;
    let (sent, seconds): (i64, f64) = (row.get(0), row.get(1));
    if u64::try_from(sent)? != people {
        return Err(format!("{sent} of {people} were accepted").into());
    }
    Ok(sent as f64 / seconds)
}

/// An incident with this number of people, and a launched campaign to them.
async fn prepare(url: &str, slug: &str, people: u64) -> Result<(), Failure> {
    let ready = approved(url, slug, people).await?;
    launch::launch(&app(url)?, ready.comms, ready.campaign).await?;
    Ok(())
}

/// An approved campaign.
pub struct Ready {
    /// The account that may launch it.
    pub comms: StaffId,
    /// Its incident.
    pub incident: IncidentId,
    /// The campaign.
    pub campaign: CampaignId,
}

/// An incident with this number of people, and a campaign to them that a second person approved.
///
/// # Errors
/// Whatever a verb refuses.
pub async fn approved(url: &str, slug: &str, people: u64) -> Result<Ready, Failure> {
    let app = app(url)?;
    let (comms, approver) = (staff(&app, "comms").await?, staff(&app, "approver").await?);
    let opened = steer::open(&app, comms, slug, "A breach", &Facts::new()).await?;
    let (incident, confirmed) = (opened.id, IncidentState::Confirmed);
    steer::move_to(&app, comms, incident, opened.version, confirmed).await?;
    let list = Source::File(List::of(slug, people));
    let drafted =
        scope::import::import(&app, comms, incident, ScopeMode::Full, list, |_| {}).await?;
    scope::activate::activate(&app, comms, incident, drafted.version, Consent::NotGiven).await?;
    let words = Variant {
        subject: "Notice of data breach".to_owned(),
        body: BODY.to_owned(),
    };
    let variants = Variants::from([("en".to_owned(), words)]);
    let template = edit::create(&app, comms, slug, &variants).await?;
    let new = NewCampaign {
        incident,
        template,
        template_version: 1,
        kind: CampaignKind::Initial,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let campaign = launch::create(&app, comms, &new).await?;
    let hash = launch::submit(&app, comms, campaign).await?;
    launch::approve(&app, approver, campaign, &hash).await?;
    Ok(Ready {
        comms,
        incident,
        campaign,
    })
}

/// A list of people that is generated as it is read.
struct List {
    slug: String,
    people: u64,
    next: u64,
    row: Cursor<String>,
}

impl List {
    fn of(slug: &str, people: u64) -> Self {
        let header = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
        Self {
            slug: slug.to_owned(),
            people,
            next: 0,
            row: Cursor::new(header),
        }
    }
}

impl Read for List {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let (slug, n) = (&self.slug, self.next);
        match self.row.read(to)? {
            0 if n < self.people => {
                self.row = Cursor::new(format!(
                    "{slug}-{n},person.{n}@example{}.org,Ada Person {n},en,US-CA,name;phone;ssn\n",
                    n % 50
                ));
                self.next += 1;
                self.row.read(to)
            }
            read => Ok(read),
        }
    }
}
