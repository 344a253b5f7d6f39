//! Concurrent agents: each ticket is taken by one agent, and no agent overwrites another's work (promise P9).

use std::collections::HashSet;

use candor::actor::Actor;
use candor::ticket::agent::{self, AgentError, Seen};
use candor::ticket::released;
use candor::ticket::{Then, TicketStatus, intake};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{ANN, Helpline};

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_agents_empty_a_queue_and_each_ticket_goes_to_one_agent() {
    let line = Helpline::new().await;
    let people = line.people(200, &ANN).await;
    for some in people.chunks(16) {
        join_all(some.iter().map(|person| line.asks(*person, "Hello?"))).await;
    }
    let agents = join_all((0..16).map(|_| line.staff(&["agent"]))).await;
    let work = agents.iter().map(|agent| {
        let (app, agent) = (line.app.clone(), *agent);
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(ticket) = agent::take_next(&app, agent).await.unwrap() {
                assert_eq!(ticket.assignee, Some(agent));
                taken.push(ticket.id);
            }
            taken
        })
    });
    let taken: Vec<_> = join_all(work)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(taken.len(), 200);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_reply_to_what_has_changed_is_held_back_and_nothing_is_written() {
    let line = Helpline::new().await;
    let app = &line.app;
    let ann = line.person(&ANN).await;
    line.asks(ann, "One").await;
    let seen = agent::take_next(app, line.agent).await.unwrap().unwrap();
    intake::answer_back(app, ann, seen.id, "Two, which you did not see")
        .await
        .unwrap();
    let before = line.look(&seen).await;
    let letters = line.number("select count(*) from outbox").await;
    let then = Then::solved();
    let current = before.version;
    for stale in [
        Seen::of(&seen),
        Seen::version(seen.version),
        Seen {
            version: current,
            messages: Some(1),
        },
        Seen {
            version: current + 1,
            messages: Some(2),
        },
    ] {
        let held = agent::reply(app, line.agent, seen.id, stale, "Solved.", &then).await;
        let Err(AgentError::Conflict(conflict)) = held else {
            panic!("{stale:?} went through");
        };
        assert_eq!(conflict.now, before);
        let newer: Vec<_> = conflict
            .newer
            .iter()
            .filter_map(|m| m.text.as_deref())
            .collect();
        let unseen = stale.messages == Some(1);
        assert_eq!(
            newer,
            if unseen {
                vec!["Two, which you did not see"]
            } else {
                vec![]
            }
        );
    }
    assert_eq!(line.look(&seen).await, before);
    assert_eq!(line.thread(&seen).await.len(), 2);
    assert_eq!(line.number("select count(*) from outbox").await, letters);
    let sent = agent::reply(
        app,
        line.agent,
        seen.id,
        Seen::of(&before),
        "Solved.",
        &then,
    )
    .await;
    assert_eq!(sent.unwrap().status, TicketStatus::Solved);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_replies_at_once_one_is_sent() {
    let line = Helpline::new().await;
    for _ in 0..10 {
        let ticket = line.ticket_at(TicketStatus::Pending).await;
        let seen = Seen::of(&ticket);
        let replies = (0..4).map(|_| {
            let app = line.app.clone();
            let (agent, id) = (line.agent, ticket.id);
            tokio::spawn(async move {
                agent::reply(&app, agent, id, seen, "Well?", &Then::solved()).await
            })
        });
        let person = ticket.person.unwrap();
        let (replies, customer) = tokio::join!(
            join_all(replies),
            intake::answer_back(&line.app, person, ticket.id, "Wait!")
        );
        customer.unwrap();
        let replied = replies
            .into_iter()
            .map(Result::unwrap)
            .filter(Result::is_ok)
            .count();
        assert!(replied <= 1);
        let now = line.look(&ticket).await;
        assert_eq!(
            now.messages,
            ticket.messages + 1 + i32::try_from(replied).unwrap()
        );
        // In either order the customer's reply is unanswered, so the ticket is open.
        assert_eq!(now.status, TicketStatus::Open);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_protects_ends_and_gives_back_the_place_in_the_queue() {
    let line = Helpline::new().await;
    let app = &line.app;
    let other = line.staff(&["agent"]).await;
    let first = line.asks(line.person(&ANN).await, "First").await;
    app.clock.advance(TimeDelta::minutes(1));
    line.asks(line.person(&ANN).await, "Second").await;

    let taken = agent::take_next(app, line.agent).await.unwrap().unwrap();
    assert_eq!(taken.id, first.id);
    let then = Then::to(TicketStatus::Open);
    let theirs = agent::reply(app, other, taken.id, Seen::of(&taken), "Mine!", &then).await;
    assert!(matches!(theirs, Err(AgentError::HeldBy(holder)) if holder == line.agent));
    assert!(!agent::renew(app, other, taken.id).await.unwrap());

    app.clock.advance(TimeDelta::minutes(15));
    assert!(agent::renew(app, line.agent, taken.id).await.unwrap());
    app.clock.advance(TimeDelta::minutes(15));
    let next = agent::take_next(app, other).await.unwrap().unwrap();
    assert_ne!(next.id, taken.id, "it was renewed");
    app.clock.advance(TimeDelta::minutes(15));
    let again = agent::take_next(app, other).await.unwrap().unwrap();
    assert_eq!((again.id, again.queued_at), (taken.id, first.queued_at));

    let lead = line.staff(&["lead"]).await;
    let given = agent::assign(app, lead, again.id, again.version, line.agent)
        .await
        .unwrap();
    assert_eq!(
        (given.assignee, given.lease_until),
        (Some(line.agent), None)
    );
    let nobody = candor::id::StaffId::new(app.now());
    let lost = agent::assign(app, lead, given.id, given.version, nobody).await;
    assert!(matches!(lost, Err(AgentError::NoSuchAgent)));
    let comms = line.staff(&["comms"]).await;
    let lost = agent::assign(app, lead, given.id, given.version, comms).await;
    assert!(matches!(lost, Err(AgentError::NoSuchAgent)), "no agent");
    let leaving = line.staff(&["agent"]).await;
    let given = agent::assign(app, lead, given.id, given.version, leaving)
        .await
        .unwrap();
    released::disable(app, Actor::Staff(lead), leaving)
        .await
        .unwrap();
    let given = line.look(&given).await;
    assert_eq!(given.assignee, None, "no agent is left with it");
    let lost = agent::assign(app, lead, given.id, given.version, leaving).await;
    assert!(matches!(lost, Err(AgentError::NoSuchAgent)), "disabled");
    let given = agent::assign(app, lead, given.id, given.version, line.agent)
        .await
        .unwrap();
    let free = agent::release(app, line.agent, given.id, given.version)
        .await
        .unwrap();
    assert_eq!((free.assignee, free.status), (None, TicketStatus::Open));
    let last = agent::take_next(app, line.agent).await.unwrap().unwrap();
    assert_eq!(last.id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_state_message_and_audit_are_one_transaction() {
    let line = Helpline::new().await;
    let ticket = line.ticket_at(TicketStatus::Open).await;
    let count = async || {
        let tables = ["outbox", "ticket_message", "ticket_history", "audit_event"];
        let counts = tables
            .map(|table| format!("(select count(*) from {table})"))
            .join(" * 1000 + ");
        line.number(&counts).await
    };
    let before = count().await;
    line.sql(
        "create function fail() returns trigger language plpgsql as \
         $$ begin raise exception 'the disk is full'; end $$; \
         create trigger fail before insert on outbox for each row execute function fail()",
    )
    .await;
    let seen = Seen::of(&ticket);
    let then = Then::solved();
    let failed = agent::reply(&line.app, line.agent, ticket.id, seen, "Answer", &then).await;
    assert!(matches!(failed, Err(AgentError::Db(_))));
    assert_eq!(line.look(&ticket).await, ticket);
    assert_eq!(count().await, before);

    line.sql("drop trigger fail on outbox; create trigger fail before insert on audit_event for each row execute function fail()").await;
    let by = Actor::Staff(line.agent);
    let failed = agent::transition(&line.app, by, ticket.id, ticket.version, &then).await;
    assert!(matches!(failed, Err(AgentError::Db(_))));
    let failed = agent::reply(&line.app, line.agent, ticket.id, seen, "Answer", &then).await;
    assert!(matches!(failed, Err(AgentError::Db(_))));
    assert_eq!(line.look(&ticket).await, ticket);
    assert_eq!(count().await, before);
}
