//! Tickets that change while a list comes into force, or while an account is disabled; and the length of the helpline's
//! queue.

use candor::id::{PersonId, TicketId};
use candor::person::find::{Clue, find};
use candor::scope::ScopeMode;
use candor::staff::manage;
use candor::ticket::agent::{self, AgentError};
use candor::ticket::{intake, reweigh, store};
use diesel_async::RunQueryDsl;

use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::{holder, until_waiting};

async fn person(house: &House, scene: &Scene, n: usize) -> PersonId {
    let clue = Clue::Reference(format!("R-{n:05}"));
    let found = find(&house.app, scene.incident, &clue).await;
    found.unwrap()[0].id
}

async fn urgency(house: &House, id: TicketId) -> i64 {
    let question = format!("select urgency from ticket where id = '{}'", id.uuid());
    house.number(&question).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_not_given_to_an_agent_who_is_being_disabled() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let (lead, agent) = (house.staff(&["lead"]).await, house.staff(&["agent"]).await);
    let of = person(&house, &scene, 0).await;
    let asked = intake::ask(&house.app, scene.incident, of, "", "What was taken?").await;
    let ticket = asked.unwrap().ticket().clone();
    let (raw, pid) = holder(&house).await;
    let disabled = format!(
        "update staff set disabled_at = now() where id = '{}'",
        agent.uuid()
    );
    raw.batch_execute(&disabled).await.unwrap();
    let app = house.app.clone();
    let assigned =
        tokio::spawn(
            async move { agent::assign(&app, lead, ticket.id, ticket.version, agent).await },
        );
    until_waiting(&house, pid, 1).await;
    raw.batch_execute("commit").await.unwrap();
    let assigned = assigned.await.unwrap();
    assert!(
        matches!(assigned, Err(AgentError::NoSuchAgent)),
        "{assigned:?}"
    );
    let held = "select count(*) from ticket where assignee is not null";
    assert_eq!(house.number(held).await, 0);
    // Enabled again, the agent can have it.
    let actor = candor::actor::Actor::System(candor::actor::System::Cli);
    manage::enable(&house.app, actor, agent).await.unwrap();
    let given = agent::assign(&house.app, lead, ticket.id, ticket.version, agent).await;
    assert_eq!(given.unwrap().assignee, Some(agent));
}

/// The person is read before the list is in force; the ticket is written after the list has weighed their tickets.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opened_while_a_list_comes_in_force_is_weighed_by_that_list_in_the_end() {
    let house = House::with("[database]\nlock_seconds = 30").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    let (late, early) = (
        person(&house, &scene, 0).await,
        person(&house, &scene, 1).await,
    );
    let asked = intake::ask(&house.app, scene.incident, early, "", "What was taken?").await;
    let before = asked.unwrap().ticket().id;
    let version = scene
        .read(&house, ScopeMode::Full, &list(2, "name;ssn;password"))
        .await;
    // The question has read the person by the time it writes its ticket.
    let (raw, pid) = holder(&house).await;
    raw.batch_execute("lock table ticket_message in share mode")
        .await
        .unwrap();
    let (app, of) = (house.app.clone(), scene.incident);
    let asks =
        tokio::spawn(async move { intake::ask(&app, of, late, "", "What was taken?").await });
    until_waiting(&house, pid, 1).await;
    scene.activate(&house, version).await;
    raw.batch_execute("rollback").await.unwrap();
    let opened = asks.await.unwrap().unwrap().ticket().id;
    let right = urgency(&house, before).await;
    assert!(urgency(&house, opened).await < right, "the race took place");
    assert_eq!(reweigh::lately(&house.app).await.unwrap(), 1);
    assert_eq!(urgency(&house, opened).await, right);
    assert_eq!(reweigh::lately(&house.app).await.unwrap(), 0, "once");
}

/// Number of waiting tickets: 20,000, or CANDOR_WAITING.
#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_many_waiting_tickets_is_found_without_reading_them_all() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let number = std::env::var("CANDOR_WAITING").unwrap_or_else(|_| "20000".to_owned());
    let fill = format!(
        "alter table ticket disable trigger user; insert into ticket (id, number, incident_id, channel, locale, subject, status, urgency, urgency_why, messages, \
            customer_message, harm, version, queued_at, waits_since, created_at, updated_at) \
         select gen_random_uuid(), 'Q' || n, '{}', 'web', 'en', ''::bytea, 'new', n % 97, '', 1, 1, 0, 1, \
            timestamptz '2026-11-23 09:00:00Z' - n * interval '1 second', now(), now(), now() \
         from generate_series(1, {number}) n; analyze ticket",
        scene.incident.uuid()
    );
    house.sql(&fill).await;
    let mut tx = house.app.db.begin().await.unwrap();
    let begun = std::time::Instant::now();
    let waiting = store::waiting(&mut tx).await.unwrap();
    let took = begun.elapsed();
    let early = house.app.now() - chrono::TimeDelta::days(400);
    let late = store::waiting_since_before(&mut tx, early).await.unwrap();
    assert_eq!(late, 0);
    let read: Read = diesel::sql_query(READ).get_result(&mut *tx).await.unwrap();
    println!(
        "{number} wait: counted and the oldest found in {took:?}, {} rows read",
        read.rows
    );
    let oldest = "select extract(epoch from min(queued_at))::bigint from ticket";
    assert_eq!(
        waiting.oldest.unwrap().timestamp(),
        house.number(oldest).await
    );
    // One row for each degree of urgency, and the thousand that are counted.
    assert!(read.rows < 5_000, "{} rows were read", read.rows);
}

const READ: &str = "select (coalesce(sum(seq_tup_read), 0) + coalesce(sum(idx_tup_fetch), 0))::bigint as rows \
    from pg_stat_xact_user_tables where schemaname = current_schema() and relname = 'ticket'";

#[derive(diesel::QueryableByName)]
struct Read {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}
