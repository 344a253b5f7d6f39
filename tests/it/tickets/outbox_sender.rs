//! The outbox sender: the relay's answer decides the state of the message.

use candor::mail::{Relay, Reply};
use candor::outbox::store::Outcome;
use candor::outbox::{self, LetterStatus};
use candor::worker::courier::{Worked, step};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{ANN, Helpline};

fn deferred() -> Reply {
    Reply::Deferred {
        code: Some(450),
        enhanced: None,
        text: "later".to_owned(),
    }
}

impl Helpline {
    async fn step(&self) -> Worked {
        let relays = [Relay::Memory(self.mail.clone())];
        step(&self.app, &relays).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_message_waits_longer_each_time_and_keeps_its_message_id() {
    let line = Helpline::new().await;
    line.mail.answer_next([deferred(), deferred()]);
    let ticket = line.asks(line.person(&ANN).await, "Hello?").await;
    assert_eq!(line.step().await, Worked::Some(1));
    assert_eq!(line.step().await, Worked::Nothing, "not due yet");
    line.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(line.step().await, Worked::Some(1));
    line.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(line.step().await, Worked::Nothing, "two minutes now");
    line.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(line.step().await, Worked::Some(1));
    let letter = line.mail.take_sent().remove(0);
    let raw = line.raw().await;
    let row = raw.query_one(
        "select id, attempts, sealed is null, reply from outbox",
        &[],
    );
    let row = row.await.unwrap();
    let id: uuid::Uuid = row.get(0);
    assert_eq!(
        letter.message_id,
        format!("{}@sundmere.example", id.simple())
    );
    assert_eq!((row.get::<_, i32>(1), row.get::<_, bool>(2)), (3, true));
    assert_eq!(row.get::<_, &str>(3), "250 kept in memory");
    let mut conn = line.app.db.get().await.unwrap();
    let marks = outbox::store::of_ticket(&mut conn, ticket.id)
        .await
        .unwrap();
    assert_eq!(
        (marks[0].message_no, marks[0].status),
        (Some(1), LetterStatus::Sent)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_recorded_and_not_sent_again_when_its_record_meets_a_deadlock() {
    let line = Helpline::new().await;
    line.asks(line.person(&ANN).await, "Hello?").await;
    // The first two records end as the loser of a deadlock does.
    line.sql(
        "create sequence met;
         create function meet() returns trigger language plpgsql as $$ begin
             if new.status = 'sent' and nextval('met') < 3 then
                 raise 'met' using errcode = '40P01';
             end if;
             return new;
         end $$;
         create trigger meet before update on outbox for each row execute function meet()",
    )
    .await;
    assert_eq!(line.step().await, Worked::Some(1));
    let sent = "select count(*) from outbox where status = 'sent'";
    assert_eq!(line.number(sent).await, 1);
    assert_eq!(line.number("select last_value from met").await, 3);
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.step().await, Worked::Nothing);
    assert_eq!(line.mail.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_fails_and_a_relay_that_is_away_uses_up_no_attempt() {
    let line = Helpline::new().await;
    let people = line.people(3, &ANN).await;
    line.mail.set_away(true);
    for person in people {
        line.asks(person, "Hello?").await;
    }
    assert_eq!(line.step().await, Worked::Nothing);
    assert_eq!(line.number("select max(attempts) from outbox").await, 0);
    line.mail.set_away(false);
    let text = "5.1.1 no such user".to_owned();
    let refused = Reply::Refused {
        code: Some(550),
        enhanced: Some("5.1.1".to_owned()),
        text,
    };
    line.mail.answer_next([refused]);
    line.app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(line.step().await, Worked::Some(3));
    let failed = "select count(*) from outbox where status = 'failed' and sealed is null \
                  and reply = '550 5.1.1 no such user' and attempts = 1";
    assert_eq!(line.number(failed).await, 1);
    assert_eq!(line.mail.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_the_emergency_stop_holds_messages_of_tickets() {
    let line = Helpline::new().await;
    for person in line.people(4, &ANN).await {
        line.asks(person, "Hello?").await;
    }
    // The second message of a claim finds the stop set.
    let url = line.url.clone();
    let stop = "update emergency_stop set stopped_at = now(), stopped_by = 'test'";
    line.mail.answer_by(move |_| {
        let url = url.clone();
        let set = async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap();
            tokio::spawn(connection);
            client.batch_execute(stop).await.unwrap();
        };
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| runtime.block_on(set));
        None
    });
    assert_eq!(line.step().await, Worked::Some(1));
    assert_eq!(line.mail.sent().len(), 1);
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.step().await, Worked::Nothing);
    assert_eq!(line.mail.sent().len(), 1);
    line.sql("update emergency_stop set stopped_at = null, stopped_by = null")
        .await;
    line.mail.answer_by(|_| None);
    assert_eq!(line.step().await, Worked::Some(3));
    assert_eq!(line.mail.sent().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_outbox_senders_send_each_message_once_and_a_late_one_changes_nothing() {
    let line = Helpline::new().await;
    for some in line.people(60, &ANN).await.chunks(12) {
        join_all(some.iter().map(|person| line.asks(*person, "Hello?"))).await;
    }
    join_all((0..8).map(|_| async { while line.step().await != Worked::Nothing {} })).await;
    let mut sent: Vec<_> = line
        .mail
        .take_sent()
        .into_iter()
        .map(|l| l.message_id)
        .collect();
    assert_eq!(sent.len(), 60);
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 60);

    // An outbox sender died with a leased message: another takes it over when the lease ends.
    line.asks(line.person(&ANN).await, "Hello?").await;
    let (keys, now) = (&line.app.keys, line.app.now());
    let mut conn = line.app.db.get().await.unwrap();
    let lease = TimeDelta::minutes(15);
    let held = outbox::store::claim(&mut conn, keys, 8, now, lease)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(line.step().await, Worked::Nothing);
    // The lease is by the database's clock: a node with a fast clock takes nothing over.
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.step().await, Worked::Nothing);
    line.sql("update outbox set lease_until = clock_timestamp() where lease_until is not null")
        .await;
    assert_eq!(line.step().await, Worked::Some(1));
    let late = Outcome::Failed {
        reply: "late".to_owned(),
    };
    assert!(
        !outbox::store::record(&mut conn, &held, &late, line.app.now())
            .await
            .unwrap()
            .is_written()
    );
    assert_eq!(
        line.number("select count(*) from outbox where status = 'sent'")
            .await,
        61
    );
}
