//! `kill -9` of the real importer, in the middle of an import or an activation, and of Postgres under it: the next run
//! ends with the same people as an undisturbed one.
//!
//! `CANDOR_KILLS` sets the number of kills (default 8).

mod additions;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use candor::app::App;
use candor::clock::Clock;
use candor::config::Config;
use candor::db::{self, embedded};
use candor::id::{IncidentId, StaffId};
use candor::incident::{self, Facts, steer};
use candor::notice::account::{account, recount};
use candor::person::contact::Contact;
use candor::scope::store::{self, Own};
use candor::seal::{random, sha256, to_hex};

use super::Desk;
use crate::mail::Scratch;

const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// More than a chunk of the import, and enough to be activated bucket by bucket.
const ROWS: u32 = 20_000;

/// An incident into which real processes import.
struct Site {
    app: App,
    url: String,
    incident: IncidentId,
}

/// How long an undisturbed run took, and when in it the draft was done.
#[derive(Clone, Copy)]
struct Pace {
    drafted: Duration,
    done: Duration,
}

impl Site {
    /// In a database of its own.
    async fn on(url: String) -> Self {
        db::migrate(&url).await.unwrap();
        let env = environment(&url).map(|(k, v)| (k.to_owned(), v.to_owned()));
        let app = App::new(Config::from_parts(None, env).unwrap(), Clock::system()).unwrap();
        let by = StaffId::new(app.now());
        let staff = format!(
            "insert into staff (id, name, roles, created_at) values ('{}', 'Somebody', '{{comms}}', now())",
            by.uuid()
        );
        let client = app.db.raw().await.unwrap();
        client.batch_execute(&staff).await.unwrap();
        let opened = steer::open(&app, by, "carrier", "A breach", &Facts::new()).await;
        let incident = opened.unwrap().id;
        Self { app, url, incident }
    }

    /// In the house of a comms team, which must live as long.
    fn of(desk: &Desk) -> Self {
        Self {
            app: desk.house.app.clone(),
            url: desk.house.url.clone(),
            incident: desk.incident,
        }
    }

    /// Imports and activates; a draft that a killed run left is replaced. `retracted` is how many people leave.
    fn start(&self, list: &List, retracted: u32) -> Child {
        let retracted = retracted.to_string();
        let words = [
            "--replace-draft",
            "--activate",
            "--yes-retracted",
            &retracted,
        ];
        self.import(list, &words)
    }

    fn import(&self, list: &List, words: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_candor"))
            .args(["import", "--incident", "carrier", "--json"])
            .args(words)
            .arg(&list.path)
            // Rejects are written to the directory in which it runs.
            .current_dir(list.path.parent().unwrap())
            .envs(environment(&self.url))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Imports and activates. The scope stays busy until Postgres notices the death of a killed process.
    fn take(&self, list: &List) -> Pace {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut retracted = list.retracts;
        loop {
            let start = Instant::now();
            let Output {
                status,
                stdout,
                stderr,
            } = self.start(list, retracted).wait_with_output().unwrap();
            let done = start.elapsed();
            if status.success() {
                let said: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
                let activation = said["seconds"]["activate"].as_f64().unwrap();
                let drafted = done.saturating_sub(Duration::from_secs_f64(activation));
                return Pace { drafted, done };
            }
            let said = String::from_utf8_lossy(&stderr);
            // The killed run had put it in force, completely or partly: then no person leaves any more.
            let number = said.split_once("--yes-retracted ").map(|(_, rest)| rest);
            if let Some(number) = number.and_then(|rest| rest.split(' ').next()?.parse().ok()) {
                retracted = number;
                continue;
            }
            assert!(said.contains("is running: wait until it is done"), "{said}");
            assert!(
                Instant::now() < deadline,
                "the killed process is still busy"
            );
        }
    }

    /// Starts an import and kills it after a while; returns whether it was done by then.
    fn kill(&self, list: &List, after: Duration) -> bool {
        killed(self.start(list, list.retracts), after)
    }

    /// A hash over all people and all that the list says of them. The counters must agree with the people.
    async fn people(&self) -> String {
        let mut conn = self.app.db.get().await.unwrap();
        let books = account(&mut conn, self.incident).await.unwrap();
        assert_eq!(books, recount(&mut conn, self.incident).await.unwrap());
        assert_eq!(books.unexplained, 0);
        let found = incident::store::find(&mut conn, self.incident)
            .await
            .unwrap();
        let key = found.key(&self.app.keys).unwrap().unwrap();
        let sql = "select reference_key, sealed, concat_ws(' ', exposed, standing, withheld, locale,
            jurisdiction, flags, email_key is null, name_key is null) from person where incident_id = $1";
        let client = self.app.db.raw().await.unwrap();
        let rows = client.query(sql, &[&self.incident.uuid()]).await.unwrap();
        let mut lines: Vec<_> = rows
            .iter()
            .map(|row| {
                let (reference, sealed): (Vec<u8>, Vec<u8>) = (row.get(0), row.get(1));
                let contact = Contact::open(&key, self.incident, &reference, &sealed).unwrap();
                let email = contact.email.as_ref().map(|e| e.as_str());
                let of = (&contact.reference, email, &contact.name, &contact.postcode);
                format!("{of:?} {}\n", row.get::<_, &str>(2))
            })
            .collect();
        lines.sort_unstable();
        to_hex(&sha256(lines.concat().as_bytes()))
    }
}

fn environment(url: &str) -> [(&str, &str); 2] {
    [
        ("CANDOR__DATABASE__URL", url),
        ("CANDOR__SECRETS__MASTER_KEY", MASTER_KEY),
    ]
}

/// Kills a process after a while; returns whether it was done by then.
fn killed(mut child: Child, after: Duration) -> bool {
    // Not a wait for a state: the moment of the kill is what the test varies.
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().success()
}

/// A list in a temporary file.
struct List {
    path: PathBuf,
    /// How many people of the round before it does not name.
    retracts: u32,
}

impl List {
    /// Each round some people leave, others come or lost more, and some change.
    fn of_round(round: u32) -> Self {
        let retracts = if round == 0 { 0 } else { ROWS / 10 };
        Self::written(retracts, |list| Self::write_round(round, list))
    }

    fn written(retracts: u32, write: impl FnOnce(&mut String)) -> Self {
        let name = format!(
            "candor-kills-{}-{}.csv",
            std::process::id(),
            to_hex(&random::<8>())
        );
        let path = std::env::temp_dir().join(name);
        let mut list =
            String::from("reference,email,name,postcode,locale,jurisdiction,elements,flags\n");
        write(&mut list);
        fs::write(&path, list).unwrap();
        Self { path, retracts }
    }

    fn write_round(round: u32, list: &mut String) {
        for n in (0..ROWS).filter(|n| n % 10 != round % 10) {
            let moved = if n % 7 == round % 7 { round } else { 0 };
            let email = if n % 11 == 0 {
                String::new()
            } else {
                format!("p{n}.{moved}@example.org")
            };
            let elements = if n % 3 == round % 3 {
                "name;ssn"
            } else {
                "name;phone"
            };
            let flags = if n % 50 == 0 { "protected" } else { "" };
            *list += &format!("R{n},{email},Name {n},1{n:05},en,US-CA,{elements},{flags}\n");
        }
    }

    /// Rows that are added to a draft: some replace its rows, some are new, and some are refused.
    fn of_additions() -> Self {
        Self::written(0, |list| {
            for n in ROWS - 5_000..ROWS + 5_000 {
                let email = if n % 500 == 7 { "nowhere" } else { "" };
                *list += &format!("R{n},{email},Name {n},1{n:05},de,DE,name;imei,\n");
            }
        })
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A moment in a run: alternately in the import and in the activation.
fn moment(round: u32, pace: Pace) -> Duration {
    let part = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
    if round % 2 == 1 {
        pace.drafted.mul_f64(part)
    } else {
        pace.drafted + (pace.done - pace.drafted).mul_f64(part)
    }
}

fn kills() -> u32 {
    std::env::var("CANDOR_KILLS").map_or(8, |n| n.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_or_activation_leaves_nothing_and_the_next_run_ends_the_same() {
    let desks = (Desk::new().await, Desk::new().await);
    let (calm, stormy) = (Site::of(&desks.0), Site::of(&desks.1));
    let mut done = 0;
    let mut before = calm.people().await;
    let first = List::of_round(0);
    let pace = calm.take(&first);
    let wanted = calm.people().await;
    for round in 0..kills().div_ceil(2) {
        if stormy.kill(&first, moment(round, pace)) {
            break;
        }
        stormy.settled(&before, &wanted).await;
    }
    stormy.take(&first);
    assert_eq!(stormy.people().await, wanted, "the first list");
    before = wanted;
    for round in 1..=kills() {
        let list = List::of_round(round);
        let after = moment(round, calm.take(&list));
        let wanted = calm.people().await;
        done += u32::from(stormy.kill(&list, after));
        stormy.settled(&before, &wanted).await;
        stormy.take(&list);
        assert_eq!(
            stormy.people().await,
            wanted,
            "round {round}, killed after {after:?}"
        );
        before = wanted;
    }
    assert!(done < kills(), "every run was done before it was killed");
}

impl Site {
    /// Waits until the database has noticed the death. No process imports or activates as long as the connection lives.
    async fn quiet(&self) -> tokio_postgres::Client {
        let client = self.app.db.raw().await.unwrap();
        let lock = self.incident.uuid().as_u64_pair().1.cast_signed();
        client
            .execute("select pg_advisory_lock($1)", &[&lock])
            .await
            .unwrap();
        client
    }

    /// Once the database has noticed the death: the people are completely those of before or of after, unless the
    /// version says that it is partly in force; the account is exact in any case.
    async fn settled(&self, before: &str, after: &str) {
        let client = self.quiet().await;
        let people = self.people().await;
        drop(client);
        let client = self.app.db.raw().await.unwrap();
        let half =
            "select count(*) from scope_version where incident_id = $1 and status = 'activating'";
        let half = client.query_one(half, &[&self.incident.uuid()]).await;
        assert!(
            people == before || people == after || half.unwrap().get::<_, i64>(0) == 1,
            "half a version is visible"
        );
    }
}

impl Site {
    /// A hash over the rows and the refused rows of the draft.
    async fn draft(&self) -> String {
        let mut conn = self.app.db.get().await.unwrap();
        let draft = store::find_draft(&mut conn, self.incident).await.unwrap();
        let draft = draft.expect("the draft waits").version;
        let own = Own::new(self.incident, draft);
        let is_first = store::is_first(&mut conn, self.incident).await.unwrap();
        let (from, version) = match is_first {
            true => (own.table(), "true".to_owned()),
            false => ("scope_row", format!("version = {draft}")),
        };
        let rows = format!(
            "select coalesce(string_agg(concat_ws(' ', reference_key, contact_key, exposed, locale, jurisdiction, flags),
                ',' order by reference_key), '') from {from} where incident_id = $1 and {version}"
        );
        let rejects = "select coalesce(string_agg(line::text, ',' order by line), '')
            from scope_reject where incident_id = $1 and version = $2";
        let client = self.app.db.raw().await.unwrap();
        let incident = self.incident.uuid();
        let rows: String = client.query_one(&rows, &[&incident]).await.unwrap().get(0);
        let rejects = client.query_one(rejects, &[&incident, &draft]).await;
        let rejects: String = rejects.unwrap().get(0);
        to_hex(&sha256(format!("{rows} {rejects}").as_bytes()))
    }

    /// Runs a command until no killed process blocks it.
    fn until_done(&self, list: &List, words: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let done = self.import(list, words).wait_with_output().unwrap();
            if done.status.success() {
                return;
            }
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(said.contains("is running: wait until it is done"), "{said}");
            assert!(Instant::now() < deadline, "still busy");
        }
    }
}

impl Site {
    /// The same with new connections.
    fn again(&self) -> Self {
        let config = (*self.app.config).clone();
        Self {
            app: App::new(config, Clock::system()).unwrap(),
            url: self.url.clone(),
            incident: self.incident,
        }
    }
}
