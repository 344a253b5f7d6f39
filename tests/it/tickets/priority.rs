//! What decides a ticket's place in the queue, and which agent has it, over its life.

use candor::actor::{Actor, System};
use candor::ticket::intake::{Answered, Asked};
use candor::ticket::released;
use candor::ticket::{Then, TicketStatus, agent, intake, store};
use chrono::TimeDelta;

use super::{ANN, Helpline};

const MISUSE: &str = "Fraud: somebody is already misusing the data";

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_question_keeps_the_harm_it_tells_of_and_rises() {
    let line = Helpline::new().await;
    let (ann, bob) = (line.person(&ANN).await, line.person(&ANN).await);
    line.asks(bob, "Hello?").await;
    for n in 1..=5 {
        line.app.clock.advance(TimeDelta::minutes(1));
        let asked = line.asks(ann, &format!("Question {n}?")).await;
        assert_eq!(asked.urgency.score, 6);
    }
    let text = "What now?";
    let sixth = intake::ask(&line.app, line.incident, ann, MISUSE, text).await;
    let Asked::Appended(ticket) = sixth.unwrap() else {
        panic!("five are open already");
    };
    assert_eq!(ticket.urgency.score, 56);
    assert!(ticket.urgency.why.contains("fraud or theft"));
    let next = agent::take_next(&line.app, line.agent).await.unwrap();
    assert_eq!(
        next.unwrap().id,
        ticket.id,
        "before the one that waits longest"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_exposure_and_vulnerability_count_when_the_customer_writes_and_harm_is_kept() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = line.asks(ann, "There is fraud on my card").await;
    assert_eq!(asked.urgency.score, 56);
    let severe = candor::element::Element::Ssn;
    let bits: i64 = candor::element::ElementSet::from_iter([severe]).bits();
    let change = format!(
        "update person set exposed = {bits}, flags = 4 where id = '{}'",
        ann.uuid()
    );
    line.sql(&change).await;
    let back = intake::answer_back(&line.app, ann, asked.id, "Hello?").await;
    let now = back.unwrap().ticket().urgency.clone();
    assert_eq!(
        (now.score, now.why.as_str()),
        (
            110,
            "exposure 5 of 5 · tells of fraud or theft · needs more care"
        )
    );

    // Reopened without a message, it is weighed as well.
    let open = line.look(&asked).await;
    line.replies(&open, "So sorry.", Then::solved()).await;
    line.sql("update person set flags = 0").await;
    let again = intake::did_not_help(&line.app, ann, asked.id, "").await;
    assert_eq!(again.unwrap().ticket().urgency.score, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_ticket_never_goes_to_an_agent_who_was_disabled() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = line.asks(ann, "Hello?").await;
    line.replies(&asked, "Hello.", Then::solved()).await;
    let by = Actor::System(System::Cli);
    released::disable(&line.app, by, line.agent).await.unwrap();
    let again = intake::did_not_help(&line.app, ann, asked.id, "")
        .await
        .unwrap();
    let ticket = again.ticket();
    assert_eq!((ticket.status, ticket.assignee), (TicketStatus::Open, None));
    let other = line.staff(&["agent"]).await;
    let next = agent::take_next(&line.app, other).await.unwrap().unwrap();
    assert_eq!(next.id, asked.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promised_time_counts_from_the_last_question_and_a_follow_up_is_not_born_overdue() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = line.asks(ann, "Hello?").await;
    line.replies(&asked, "Hello.", Then::solved()).await;
    line.app.clock.advance(TimeDelta::days(10));
    let again = intake::did_not_help(&line.app, ann, asked.id, "")
        .await
        .unwrap();
    let due = Some(line.app.now() + TimeDelta::hours(48));
    assert_eq!(again.ticket().due_at(48), due);
    let open = line.look(&asked).await;
    line.replies(&open, "Hello again.", Then::solved()).await;

    line.app.clock.advance(TimeDelta::days(15));
    let late = intake::answer_back(&line.app, ann, asked.id, "Still nothing").await;
    let Answered::FollowedUp(next) = late.unwrap() else {
        panic!("it was too late to reopen");
    };
    let due = Some(line.app.now() + TimeDelta::hours(48));
    assert_eq!(next.due_at(48), due);
    assert_eq!(
        next.queued_at, asked.queued_at,
        "it keeps its place in line"
    );
    let mut conn = line.app.db.get().await.unwrap();
    for (of, other) in [(&next, &asked), (&asked, &next)] {
        let connected = store::connected(&mut conn, &line.look(of).await)
            .await
            .unwrap();
        assert_eq!(connected, [(other.id, other.number.clone())]);
    }
}
