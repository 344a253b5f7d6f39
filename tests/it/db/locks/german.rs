//! Errors are told apart by their SQLSTATE, so a server that speaks German is understood as well.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use candor::db::{self, Db, Limits};
use candor::staff::StaffRole;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use super::again::in_a_deadlock;
use crate::client::Site;
use crate::house::House;
use crate::mail::{Scratch, did_not_run};
use crate::people::{Scene, list};
use crate::postgres::{Postgres, Wanted};

/// A server with `lc_messages = de_DE.UTF-8`. `None`: this machine lacks the German messages.
async fn german(locales: &Path) -> Option<Postgres> {
    let made = Command::new("localedef")
        .args(["-i", "de_DE", "-f", "UTF-8"])
        .arg(locales.join("de_DE.UTF-8"))
        .output()
        .is_ok_and(|made| made.status.success());
    if !made {
        return None;
    }
    let server = Postgres::start(Wanted {
        settings: "lc_messages = 'de_DE.UTF-8'",
        locales: Some(locales),
        ..Wanted::default()
    })
    .await;
    let client = db::Connector::new(&server.local()).unwrap().client().await;
    let error = client.unwrap().batch_execute("select 1/0").await;
    let said = error
        .unwrap_err()
        .as_db_error()
        .unwrap()
        .message()
        .to_owned();
    said.contains("Division durch Null").then_some(server)
}

/// The error of a statement on a pool with limits.
async fn failing(url: &str, statement: &str) -> db::Error {
    let limits = Limits {
        statement: Duration::from_millis(300),
        lock: Duration::from_millis(100),
    };
    let db = Db::with_limits(url, 1, limits).unwrap();
    let mut conn = db.get().await.unwrap();
    conn.batch_execute(statement).await.unwrap_err().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_german_is_understood() {
    let locales = Scratch::new();
    let Some(server) = german(locales.path()).await else {
        return did_not_run(
            "a_server_that_speaks_german_is_understood",
            "German Postgres",
        );
    };
    let house = House::at(&server.local(), "").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;

    // 40P01: the deadlocked transaction is retried.
    let id = scene.approved(&house).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[StaffRole::Comms]).await;
    let path = format!("/campaigns/{id}/launch");
    let seen = in_a_deadlock(&house, move || program.post(&path, &json!({}))).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 3);

    // 57014, 55P03, 40001, 57P01, a constraint violation, and an ordinary error.
    let late = failing(&house.url, "select pg_sleep(20)").await;
    assert!(
        matches!(&late, db::Error::Late(said) if said.contains("Anfrage")),
        "{late:?}"
    );
    let holder = house.raw().await;
    let lock = "begin; lock table person in access exclusive mode";
    holder.batch_execute(lock).await.unwrap();
    let late = failing(&house.url, "select count(*) from person").await;
    assert!(matches!(late, db::Error::Late(_)), "{late:?}");
    drop(holder);
    let raise =
        |code: &str| format!("do $$ begin raise 'unlesbar' using errcode = '{code}'; end $$");
    let met = failing(&house.url, &raise("40001")).await;
    assert!(matches!(met, db::Error::Retry), "{met:?}");
    let gone = failing(&house.url, "select pg_terminate_backend(pg_backend_pid())").await;
    assert!(matches!(gone, db::Error::Unavailable(_)), "{gone:?}");
    let twice = "insert into staff select * from staff";
    let refused = failing(&house.url, twice).await;
    assert!(matches!(&refused, db::Error::Conflict(_)), "{refused:?}");
    let wrong = failing(&house.url, "select 1/0").await;
    assert!(
        matches!(&wrong, db::Error::Statement(said) if said.contains("Null")),
        "{wrong:?}"
    );
}
