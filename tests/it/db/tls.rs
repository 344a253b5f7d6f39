//! TLS to the database: a server that accepts only TLS connections, with a CA of its own.

mod secured;

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::store::GATE;
use candor::campaign::{CampaignKind, hold};
use candor::db::{self, Connector, bell};

use self::secured::{Authority, HOST, PASSWORD, Secured};
use crate::house::House;
use crate::people::{Scene, list};
use crate::postgres::{Postgres, Wanted};
use crate::program::Program;

/// Whether the connection is encrypted, as the server reports it.
async fn is_secured(url: &str) -> Result<bool, db::Error> {
    let client = Connector::new(url)?.client().await?;
    let question = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    Ok(client.query_one(question, &[]).await?.get(0))
}

/// Why the connection failed. No refusal shows the password.
async fn refusal(url: &str) -> String {
    let why = is_secured(url).await.expect_err(url).to_string();
    assert!(!why.contains(PASSWORD), "{why}");
    // Pools and migrations report the same.
    let db = db::Db::new(url, 1);
    let pooled = match db {
        Ok(db) => db.get().await.err().map(|e| e.to_string()),
        Err(error) => Some(error.to_string()),
    };
    assert_eq!(pooled.as_deref(), Some(&*why));
    let migrated = db::pending(url).await.expect_err(url).to_string();
    assert_eq!(migrated, why);
    why
}

#[tokio::test(flavor = "multi_thread")]
async fn with_verify_full_everything_runs_over_tls() {
    let secured = Secured::start().await;
    let local = Connector::new(&secured.server.local()).unwrap();
    let watching = local.client().await.unwrap();
    // Every connection over TCP from here on is to a server that accepts only TLS.
    let house = House::at(&secured.full(), "").await;
    let scene = Scene::new(&house).await;

    // The commands: migrations into a schema of their own, an import, a node.
    house.sql("create schema fresh authorization app").await;
    let fresh = format!("{}&options=-csearch_path%3Dfresh", secured.full());
    let folder = format!("file://{}", secured.files.path().display());
    let program = Program::of(&house)
        .with_relay("folder", &folder, 2)
        .with("CANDOR__MAIL__NODE", "secured");
    let migrated = Program::of(&house)
        .with("CANDOR__DATABASE__URL", &fresh)
        .ok(&["migrate"]);
    assert!(migrated.contains("ran "), "{migrated}");
    let file = secured.file("list.csv", &list(300, "name;ssn"));
    program.ok(&["import", "--incident", "sundmere", &file]);
    scene.activate(&house, 1).await;
    let people = "select count(*) from person";
    assert_eq!(house.number(people).await, 300, "they came by COPY");

    // A pause arrives at once.
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let mut gate = bell::Bell::listen(&house.app.db, GATE).await.unwrap();
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, campaign, Some("a look"))
        .await
        .unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), gate.heard()).await;
    assert_eq!(heard, Ok(true));
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();

    // A node serves and sends, and listens for the next one.
    let mut node = program.start("run");
    node.until_ready(&program).await;
    let listens = "select count(*) from pg_stat_activity join pg_stat_ssl using (pid)
        where ssl and query ilike 'listen %'";
    until(&watching, listens, 2).await;
    let sent = "select count(*) from notice where status = 'sent'";
    for _ in 0..600 {
        if house.number(sent).await == 300 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(house.number(sent).await, 300);
    let plain = "select count(*) from pg_stat_activity join pg_stat_ssl using (pid)
        where not ssl and client_addr is not null";
    until(&watching, plain, 0).await;
    assert_eq!(node.terminate().await.code(), Some(0));
}

/// Waits until a count is at least this (0: is 0).
async fn until(client: &tokio_postgres::Client, question: &str, least: i64) {
    for _ in 0..600 {
        let row = client.query_one(question, &[]).await.unwrap();
        let count: i64 = row.get(0);
        if (least == 0 && count == 0) || (least > 0 && count >= least) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{question}: not {least} after half a minute");
}

/// Host, options, and two parts of the sentence that refuses them.
const REFUSED: [(&str, &str, &str, &str); 10] = [
    (
        HOST,
        "sslmode=verify-full&sslrootcert={other.crt}",
        "not signed by the CA in",
        "other.crt",
    ),
    (
        HOST,
        "sslmode=verify-ca&sslrootcert={other.crt}",
        "not signed by the CA in",
        "other.crt",
    ),
    (
        HOST,
        "sslmode=require&sslrootcert={other.crt}",
        "not signed by the CA in",
        "other.crt",
    ),
    (
        HOST,
        "sslrootcert=system",
        "not signed by a CA that this machine trusts",
        "sslrootcert",
    ),
    (
        "elsewhere.example",
        "sslmode=verify-full&sslrootcert={ca.crt}",
        "not for the host elsewhere.example",
        HOST,
    ),
    (
        HOST,
        "sslmode=disable",
        "hostssl",
        "set sslmode=verify-full",
    ),
    (
        HOST,
        "sslmode=verify-full&sslrootcert={none.crt}",
        "none.crt (sslrootcert) cannot be read",
        "Name a PEM file",
    ),
    (
        HOST,
        "sslmode=verify-full&sslrootcert={list.csv}",
        "holds no certificate",
        "Name a PEM file",
    ),
    (HOST, "sslmode=on", "sslmode must be disable", "verify-full"),
    (
        HOST,
        "sslmode=verify-full",
        "sslrootcert=FILE",
        "sslrootcert=system",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_the_right_one_is_refused_in_a_sentence_that_says_what_to_do() {
    let secured = Secured::start().await;
    let url = |host: &str, options: &str| secured.url("app", host, options);
    // These connections succeed.
    assert!(is_secured(&secured.full()).await.unwrap());
    for (host, options) in [
        (
            "elsewhere.example",
            "sslmode=verify-ca&sslrootcert={ca.crt}",
        ),
        (
            "elsewhere.example",
            "sslmode=require&channel_binding=require",
        ),
        ("elsewhere.example", "sslmode=prefer"),
        (HOST, "channel_binding=disable"),
    ] {
        assert!(is_secured(&url(host, options)).await.unwrap(), "{options}");
    }
    // These connections fail.
    secured.file("list.csv", "reference,email\n");
    for (host, options, why, more) in REFUSED {
        let said = refusal(&url(host, options)).await;
        assert!(
            said.contains(why) && said.contains(more),
            "{options}: {said}"
        );
    }
    let wrong = secured.full().replace("app:geheim", "app:falsch");
    let said = is_secured(&wrong).await.unwrap_err().to_string();
    assert!(said.contains("28P01") && !said.contains("falsch"), "{said}");
    // The commands end with that sentence.
    let house = House::at(&secured.full(), "").await;
    let other = url(HOST, "sslmode=verify-full&sslrootcert={other.crt}");
    let program = Program::of(&house).with("CANDOR__DATABASE__URL", &other);
    for words in [&["migrate"][..], &["check"], &["audit", "verify"]] {
        let output = program.run(words);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(
            said.contains("was not signed by the CA in"),
            "{words:?}: {said}"
        );
        assert!(!said.contains(PASSWORD), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_its_certificate_and_a_renewed_one_needs_no_new_start() {
    let secured = Secured::start().await;
    let trusted = "sslmode=verify-full&sslrootcert={ca.crt}";
    let bare = secured.url("certified", HOST, trusted);
    let said = refusal(&bare).await;
    assert!(
        said.contains("28000") && said.contains("certificate"),
        "{said}"
    );
    let (certificate, key) = Authority::new().certificate("certified");
    secured.file("client.crt", &certificate);
    secured.file("client.key", &key);
    let with = format!("{trusted}&sslcert={{client.crt}}&sslkey={{client.key}}");
    let url = secured.url("certified", HOST, &with);
    let pool = db::Db::new(&url, 1).unwrap();
    let said = pool.get().await.err().unwrap().to_string();
    assert!(said.contains("sslcert and sslkey"), "{said}");
    // Another key than the certificate's.
    let (good, good_key) = secured.ca.certificate("certified");
    secured.file("client.crt", &good);
    let said = pool.get().await.err().unwrap().to_string();
    assert!(said.contains("does not fit"), "{said}");
    secured.file("client.key", &good_key);
    assert!(
        pool.get().await.is_ok(),
        "the files are read for each connection"
    );
    assert!(is_secured(&url).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_on_the_server_prefer_gets_in_and_require_says_so() {
    let server = Postgres::start(Wanted {
        hosts: "host all all 127.0.0.1/32 trust",
        ..Wanted::default()
    })
    .await;
    let url = |options: &str| {
        let port = server.port;
        format!("postgres://candor:{PASSWORD}@127.0.0.1:{port}/postgres?{options}")
    };
    for options in ["", "sslmode=prefer", "sslmode=disable"] {
        assert!(!is_secured(&url(options)).await.unwrap(), "{options}");
    }
    for options in ["sslmode=require", "sslrootcert=system"] {
        let said = refusal(&url(options)).await;
        assert!(
            said.contains("does not offer TLS") && said.contains("ssl = on"),
            "{said}"
        );
    }
    let bound = refusal(&url("channel_binding=require")).await;
    assert!(
        bound.contains("channel_binding=require needs TLS"),
        "{bound}"
    );
    // Through the socket no TLS is used, as in libpq.
    let local = format!("{}?sslmode=verify-full&sslrootcert=system", server.local());
    assert!(!is_secured(&local).await.unwrap());
    // No process listens there; or the process that listens is no Postgres.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    let other = format!("postgres://candor:{PASSWORD}@127.0.0.1:{port}/postgres");
    let talking = std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in nobody.incoming().take(3).flatten() {
            stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
            held.push(stream);
        }
        held
    });
    let said = refusal(&other).await;
    assert!(
        said.contains("does not answer as a Postgres server"),
        "{said}"
    );
    drop(talking.join().unwrap());
    let said = refusal(&other).await;
    assert!(said.contains("refused"), "{said}");
    let nowhere = "postgres://candor@%2Fnowhere/postgres?connect_timeout=2";
    let said = refusal(nowhere).await;
    assert!(
        said.contains("/nowhere/.s.PGSQL.5432 cannot be reached"),
        "{said}"
    );
}
