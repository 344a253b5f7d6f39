//! Campaigns through real servers, Postfix and OpenSMTPD, and through one that takes a hundred messages
//! on a connection.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::notice::account::{account, recount};
use candor::worker::Route;

use super::scripted::{Act, serve};
use super::{MODERN, Scratch, did_not_run};
use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::local;

const PEOPLE: usize = 250;
const STRANGERS: usize = 10;
/// Neither server can deliver to this address: neither offers SMTPUTF8.
const INTERNATIONAL: &str = "用户@例え.example";

/// How to be root, with which both servers must begin: this account, or a `sudo` without a password.
fn as_root(program: &str) -> Option<Command> {
    let output = |program: &str, words: &[&str]| Command::new(program).args(words).output().ok();
    if output("id", &["-u"])?.stdout == b"0\n" {
        return Some(Command::new(program));
    }
    output("sudo", &["-n", "true"])?.status.success().then(|| {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", program]);
        sudo
    })
}

/// A server as Debian ships it, unpacked by script/bootstrap and run in a directory of its own.
struct Real {
    process: Child,
    port: u16,
    home: Scratch,
}

impl Real {
    /// `None` if it is not unpacked, or if this account cannot become root.
    fn start(name: &str, daemon: &str, script: &str) -> Option<Self> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("var/tools");
        let tree = tools.join(name);
        let mut command = tree.join(daemon).is_file().then(|| as_root("sh"))??;
        let home = Scratch::new();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).ok()?;
        let people: String = (0..PEOPLE)
            .map(|n| format!("person{n}@example.org\n"))
            .collect();
        std::fs::write(home.path().join("people"), people).ok()?;
        std::fs::write(home.path().join("start.sh"), script).ok()?;
        let free = TcpListener::bind("127.0.0.1:0").ok()?;
        let port = free.local_addr().ok()?.port();
        drop(free);
        command
            .args([&home.path().join("start.sh"), &tree])
            .arg(home.path())
            .arg(port.to_string())
            .stdin(Stdio::null());
        let process = command.spawn().ok()?;
        let mut server = Self {
            process,
            port,
            home,
        };
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.process.try_wait().ok()?;
            assert!(ended.is_none(), "{name} ended: {}", server.log());
            assert!(Instant::now() < patience, "{name}: {}", server.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    fn log(&self) -> String {
        self.root("cat", &["log"])
    }

    /// What a command says of files in the server's directory; some of them belong to another account.
    fn root(&self, program: &str, words: &[&str]) -> String {
        let mut command = as_root(program).expect("it began as root");
        let output = command.args(words).current_dir(self.home.path()).output();
        String::from_utf8_lossy(&output.expect("runs").stdout).into_owned()
    }

    /// The recipients of the messages that arrived, a line each.
    fn arrived(&self) -> Vec<String> {
        let found = self.root("grep", &["-rhE", "^To: ", "mail/all/new"]);
        found.lines().map(ToOwned::to_owned).collect()
    }

    fn route(&self, connections: usize) -> Route {
        local(self.port, connections)
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        self.root("kill", &[&pid]);
        let _ = self.process.wait();
        self.root(
            "rm",
            &["-rf", "data", "mail", "root", "spool", "conf", "log"],
        );
    }
}

/// How often each pair of result and reason occurs in the attempts.
async fn outcomes(house: &House) -> BTreeMap<(String, String), i64> {
    let sql = "select result::text, coalesce(reason, ''), count(*) from outcome where settled
        group by 1, 2";
    let rows = house.raw().await.query(sql, &[]).await.expect("rows");
    rows.iter()
        .map(|row| ((row.get(0), row.get(1)), row.get(2)))
        .collect()
}

/// A campaign to people the server knows, to strangers, and to one it cannot deliver to: all are accounted for.
async fn everybody_is_accounted_for(server: &Real, connections: usize) {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let mut people = list(PEOPLE, "name;ssn");
    for n in 0..STRANGERS {
        people.push_str(&format!(
            "S-{n},stranger{n}@example.org,Stranger {n},en,US-WA,name\n"
        ));
    }
    people.push_str(&format!(
        "I-1,{INTERNATIONAL},International,en,US-WA,name\n"
    ));
    scene.import(&house, &people).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_through(vec![server.route(connections)]).await;

    let key = |result: &str, reason: &str| (result.to_owned(), reason.to_owned());
    let (known, strangers) = (PEOPLE as i64, STRANGERS as i64);
    assert_eq!(
        outcomes(&house).await,
        BTreeMap::from([
            (key("accepted", ""), known),
            (key("refused", "user_unknown"), strangers),
            (key("refused", "needs_smtputf8"), 1),
        ]),
        "each once: {}",
        server.log()
    );
    let over = "select count(*) from campaign where status = 'completed'";
    assert_eq!(house.number(over).await, 1, "nothing waits for another try");
    let mut conn = house.app.db.get().await.expect("a connection");
    let books = account(&mut conn, scene.incident).await.expect("counts");
    let anew = recount(&mut conn, scene.incident).await.expect("counts");
    assert_eq!((books, books.unexplained), (anew, 0));
    assert_eq!((books.notified, books.needs_letter), (known, strangers + 1));

    // The server accepted all; now it must put them into the mailbox.
    let patience = Instant::now() + Duration::from_secs(60);
    while server.arrived().len() < PEOPLE && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let arrived = server.arrived();
    let each: BTreeSet<&String> = arrived.iter().collect();
    assert_eq!(
        (arrived.len(), each.len()),
        (PEOPLE, PEOPLE),
        "{}",
        server.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_through_postfix_is_accounted_for() {
    let script = include_str!("servers/postfix.sh");
    let Some(server) = Real::start("postfix", "usr/lib/postfix/sbin/master", script) else {
        let name = "a_campaign_through_postfix_is_accounted_for";
        return did_not_run(name, "Postfix in var/tools, or no root");
    };
    everybody_is_accounted_for(&server, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_through_opensmtpd_is_accounted_for() {
    let script = include_str!("servers/opensmtpd.sh");
    let Some(server) = Real::start("opensmtpd", "usr/sbin/smtpd", script) else {
        let name = "a_campaign_through_opensmtpd_is_accounted_for";
        return did_not_run(name, "OpenSMTPD in var/tools, or no root");
    };
    // By default it accepts a hundred messages on a connection, then says 452.
    everybody_is_accounted_for(&server, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_after_a_hundred_messages_gets_all_250() {
    const MOST: usize = 100;
    for (stage, act) in [
        ("MAIL", Act::HangUp),
        ("MAIL", Act::Farewell("421 4.7.0 Too many messages")),
        ("MAIL", Act::Say("452 4.5.3 Too many messages sent")),
        ("TEXT", Act::Farewell("250 2.0.0 Ok: queued, and good bye")),
    ] {
        let mut begun: HashMap<usize, usize> = HashMap::new();
        let server = serve(MODERN, move |connection, at| {
            let begun = begun.entry(connection).or_default();
            *begun += usize::from(at == "MAIL");
            let full = *begun > MOST || (*begun == MOST && at == "TEXT");
            if full && at == stage { act } else { Act::Usual }
        })
        .await;
        let house = House::new().await;
        let scene = Scene::new(&house).await;
        scene.import(&house, &list(PEOPLE, "name")).await;
        scene.launched(&house, CampaignKind::Initial).await;
        house.send_through(vec![local(server.port, 1)]).await;
        let all = BTreeMap::from([(("accepted".to_owned(), String::new()), PEOPLE as i64)]);
        assert_eq!(outcomes(&house).await, all, "{act:?}");
        let sent = "select count(*) from notice where status = 'sent'";
        assert_eq!(house.number(sent).await, PEOPLE as i64, "{act:?}");
        // After a refused MAIL, this server still reads a lone dot as the end of a text.
        let texts = server.texts();
        let to = |text: &'_ String| {
            text.lines()
                .find(|line| line.starts_with("To: "))
                .map(ToOwned::to_owned)
        };
        let all: Vec<String> = texts.iter().filter_map(to).collect();
        let each: BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), each.len()), (PEOPLE, PEOPLE), "{act:?}");
        assert_eq!(server.connections(), PEOPLE.div_ceil(MOST), "{act:?}");
    }
}
