//! The outbox: the relay's answer decides the state of the message, and each message leaves once.

use candor::mail::Reply;
use candor::outbox::{self, LetterStatus, Outcome};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::{ANN, Helpline};
use crate::sending::Sending;

fn deferred() -> Reply {
    Reply::heard(450, "4.2.0 later", None)
}

impl Helpline {
    /// Runs the senders until no message is due, and returns how many attempts they made.
    async fn attempts(&self) -> i64 {
        let attempts = "select coalesce(sum(attempts), 0) from outbox";
        let before = self.number(attempts).await;
        self.send_all().await;
        self.number(attempts).await - before
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_message_waits_as_a_notice_does_and_keeps_its_message_id() {
    let line = Helpline::new().await;
    line.mail.answer_next([deferred(), deferred()]);
    let ticket = line.asks(line.person(&ANN).await, "Hello?").await;
    assert_eq!(line.attempts().await, 1);
    // Five minutes, then fifteen, each give or take a fifth.
    line.app.clock.advance(TimeDelta::seconds(235));
    assert_eq!(line.attempts().await, 0, "not due yet");
    line.app.clock.advance(TimeDelta::seconds(130));
    assert_eq!(line.attempts().await, 1);
    line.app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(line.attempts().await, 0, "fifteen minutes now");
    line.app.clock.advance(TimeDelta::minutes(8));
    assert_eq!(line.attempts().await, 1);
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
    assert_eq!(line.attempts().await, 1);
    let sent = "select count(*) from outbox where status = 'sent'";
    assert_eq!(line.number(sent).await, 1);
    assert_eq!(line.number("select last_value from met").await, 3);
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.attempts().await, 0);
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
    let sending = Sending::start(&line, line.routes(2));
    let held = "select count(*) from sender, jsonb_array_elements(relays) r where r ->> 'why' = 'it is away'";
    line.until("the relay is held", held).await;
    sending.end().await;
    assert_eq!(line.number("select max(attempts) from outbox").await, 0);
    let free = "select count(*) from outbox where status = 'queued' and lease_until is null";
    assert_eq!(
        line.number(free).await,
        3,
        "a sender that ends gives them back"
    );
    line.mail.set_away(false);
    line.mail
        .answer_next([Reply::heard(550, "5.1.1 no such user", None)]);
    line.app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(line.attempts().await, 3);
    let failed = "select count(*) from outbox where status = 'failed' and sealed is null \
                  and reply = '550 5.1.1 no such user' and reason = 'user_unknown' and attempts = 1";
    assert_eq!(line.number(failed).await, 1);
    assert_eq!(line.mail.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_answer_is_sent_again_three_times_and_is_uncertain_then() {
    let line = Helpline::new().await;
    line.mail.answer_by(|_| {
        Some(Reply::Unknown {
            why: "no answer".to_owned(),
        })
    });
    line.asks(line.person(&ANN).await, "Hello?").await;
    for _ in 0..4 {
        assert_eq!(line.attempts().await, 1);
        line.app.clock.advance(TimeDelta::minutes(61));
    }
    assert_eq!(line.attempts().await, 0);
    let uncertain = "select count(*) from outbox where status = 'uncertain' and reason = 'connection_lost' \
                     and doubts = 4 and sealed is null";
    assert_eq!(line.number(uncertain).await, 1);
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
    line.send_through(line.routes(1)).await;
    assert_eq!(line.mail.sent().len(), 1);
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.claim(8).await.len(), 0);
    line.sql("update emergency_stop set stopped_at = null, stopped_by = null")
        .await;
    line.mail.answer_by(|_| None);
    assert_eq!(line.attempts().await, 3);
    assert_eq!(line.mail.sent().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_senders_send_each_message_once_and_a_late_one_changes_nothing() {
    let line = Helpline::new().await;
    for some in line.people(60, &ANN).await.chunks(12) {
        join_all(some.iter().map(|person| line.asks(*person, "Hello?"))).await;
    }
    let senders = [(); 3].map(|()| Sending::start(&line, line.routes(2)));
    line.until_idle().await;
    for sender in senders {
        sender.end().await;
    }
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

    // A sender died with a leased message: another takes it over when the lease ends.
    line.asks(line.person(&ANN).await, "Hello?").await;
    let held = line.claim(8).await.remove(0);
    assert_eq!(line.claim(8).await.len(), 0);
    // The lease is by the database's clock: a node with a fast clock takes nothing over.
    line.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(line.claim(8).await.len(), 0);
    line.sql("update outbox set lease_until = clock_timestamp() where lease_until is not null")
        .await;
    assert_eq!(line.attempts().await, 1);
    let late = Outcome::Failed {
        reply: "late".to_owned(),
        reason: None,
    };
    let mut conn = line.app.db.get().await.unwrap();
    assert!(
        !outbox::store::record(&mut conn, &held, &late, line.app.now())
            .await
            .unwrap()
    );
    assert_eq!(
        line.number("select count(*) from outbox where status = 'sent'")
            .await,
        61
    );
}
