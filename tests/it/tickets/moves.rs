//! Promise P8: only the 17 moves of the published table, by agents' actions and by raw SQL.

use candor::actor::{Actor, System};
use candor::ticket::agent::{self, AgentError, Seen};
use candor::ticket::move_check::Refusal;
use candor::ticket::{TicketStatus, store};

use super::Helpline;

type Pair = (TicketStatus, TicketStatus);

fn legal() -> Vec<Pair> {
    let from = TicketStatus::ALL.iter();
    from.flat_map(|from| from.after().iter().map(|to| (*from, *to)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_of_all_pairs_agents_actions_make_only_the_legal_ones() {
    let line = Helpline::new().await;
    let (app, agent) = (&line.app, line.agent);
    let mut made = Vec::new();
    for from in TicketStatus::ALL.iter().copied() {
        let mut ticket = line.ticket_at(from).await;
        for to in TicketStatus::ALL.iter().copied() {
            let then = line.then(to);
            let mut done = false;
            for by in [Actor::Staff(agent), Actor::System(System::Cli)] {
                let (id, version) = (ticket.id, ticket.version);
                match agent::transition(app, by, id, version, &then).await {
                    Ok(after) => {
                        assert_eq!((after.status, after.version), (to, version + 1));
                        assert_eq!(line.look(&ticket).await, after);
                        done = true;
                        ticket = line.ticket_at(from).await;
                    }
                    Err(AgentError::Refused(_)) => assert_eq!(line.look(&ticket).await, ticket),
                    Err(other) => panic!("{from} to {to}: {other}"),
                }
            }
            let seen = Seen::of(&ticket);
            match agent::reply(app, agent, ticket.id, seen, "Words.", &then).await {
                Ok(after) => {
                    assert_eq!(after.status, to);
                    done |= from != to;
                    ticket = line.ticket_at(from).await;
                }
                Err(AgentError::Refused(why)) => {
                    let illegal = matches!(why, Refusal::IllegalMove { .. });
                    assert_eq!(
                        illegal,
                        !from.after().contains(&to),
                        "{from} to {to}: {why}"
                    );
                    assert_eq!(line.look(&ticket).await, ticket);
                }
                Err(other) => panic!("{from} to {to}: {other}"),
            }
            made.extend(done.then_some((from, to)));
        }
    }
    assert_eq!(made, legal());
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_of_all_pairs_raw_sql_makes_only_the_legal_ones() {
    let line = Helpline::new().await;
    let mut raw = line.raw().await;
    let mut made = Vec::new();
    for from in TicketStatus::ALL.iter().copied() {
        let ticket = line.ticket_at(from).await;
        for to in TicketStatus::ALL.iter().copied().filter(|to| *to != from) {
            let done = to.is_done();
            let set = format!(
                "update ticket set status = '{to}', reason_sealed = 'r', \
                 review_at = case when '{to}' = 'on_hold' then now() end, \
                 solved_at = case when '{to}' = 'solved' then now() end, \
                 closed_at = case when '{to}' = 'closed' then now() end, \
                 resolution = case when {done} then 'answered'::ticket_resolution end \
                 where id = '{}'",
                ticket.id.uuid()
            );
            // Rolled back, so that the next pair starts from the same state.
            let tx = raw.transaction().await.unwrap();
            match tx.execute(&set, &[]).await {
                Ok(n) => {
                    assert_eq!(n, 1);
                    made.push((from, to));
                }
                Err(why) => {
                    let why = why.as_db_error().unwrap().constraint().map(str::to_owned);
                    assert_eq!(why.as_deref(), Some("only_legal_moves"), "{from} to {to}");
                }
            }
        }
    }
    assert_eq!(made, legal());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_born_new_or_open_and_its_past_cannot_be_rewritten() {
    let line = Helpline::new().await;
    let ticket = line.ticket_at(TicketStatus::Solved).await;
    let raw = line.raw().await;
    let mut born = Vec::new();
    for status in TicketStatus::ALL {
        let insert = format!(
            "insert into ticket select gen_random_uuid(), '{status}', incident_id, person_id, \
             '{status}', 1, channel, locale, subject, urgency, urgency_why, null, null, queued_at, \
             0, 0, case when '{status}' = 'on_hold' then now() end, \
             case when {} then resolution end, case when '{status}' = 'solved' then now() end, \
             case when '{status}' = 'closed' then now() end, null, created_at, updated_at, \
             0, queued_at, 'r' from ticket where id = '{}'",
            status.is_done(),
            ticket.id.uuid()
        );
        match raw.execute(&insert, &[]).await {
            Ok(_) => born.push(*status),
            Err(why) => {
                let why = why.as_db_error().unwrap().constraint();
                assert_eq!(why, Some("born_new_or_open"), "{status}");
            }
        }
    }
    assert_eq!(born, [TicketStatus::New, TicketStatus::Open]);
    for sql in [
        "update ticket_history set actor = 'nobody'",
        "delete from ticket_history",
        "update ticket_message set author = 'nobody'",
        "delete from ticket_message",
    ] {
        assert!(raw.execute(sql, &[]).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_differs_is_named_at_the_start() {
    let line = Helpline::new().await;
    line.sql("insert into ticket_transition values ('closed', 'open')")
        .await;
    let mut conn = line.app.db.get().await.unwrap();
    let why = store::check_table(&mut conn).await.unwrap_err().to_string();
    assert!(
        why.contains("only the database allows: [closed to open]"),
        "{why}"
    );
}
