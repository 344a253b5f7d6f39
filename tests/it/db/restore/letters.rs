//! E-mails of tickets that waited in a copy.

use candor::actor::{Actor, System};
use candor::deployment::Why;
use candor::deployment::watch::suspect;
use candor::recovery::departed::Choice;
use candor::recovery::relay_log::RelayLog;
use candor::recovery::restored::decide;
use uuid::Uuid;

use crate::tickets::{ANN, Helpline};

const WHO: Actor = Actor::System(System::Cli);

async fn waiting(line: &Helpline) -> Uuid {
    line.asks(line.person(&ANN).await, "Hello?").await;
    suspect(&line.app, WHO, &[Why::Declared]).await.unwrap();
    let claimed = line.claim(8).await;
    assert_eq!(claimed.len(), 0, "nothing leaves in doubt");
    let row = line.raw().await;
    row.query_one("select id from outbox", &[])
        .await
        .unwrap()
        .get(0)
}

async fn stands(line: &Helpline) -> (String, Option<String>) {
    let raw = line.raw().await;
    let row = raw.query_one("select status::text, reply from outbox", &[]);
    let row = row.await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_an_email_that_may_have_left_is_not_sent_again_and_says_so() {
    let line = Helpline::new().await;
    waiting(&line).await;
    let done = decide(&line.app, WHO, &Choice::Unknown, None)
        .await
        .unwrap();
    assert_eq!(done.letters_uncertain, 1);
    let (status, reply) = stands(&line).await;
    assert_eq!(status, "uncertain");
    assert!(reply.unwrap().contains("may have been sent"));
    line.send_all().await;
    assert_eq!(line.mail.sent().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_an_email_that_may_have_left_is_sent_again_on_demand_and_keeps_the_mark() {
    let line = Helpline::new().await;
    waiting(&line).await;
    decide(&line.app, WHO, &Choice::Unknown, Some(true))
        .await
        .unwrap();
    let (status, reply) = stands(&line).await;
    assert_eq!(status, "queued");
    assert!(reply.unwrap().contains("may have been sent"));
    line.send_all().await;
    assert_eq!(line.mail.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_the_log_says_which_emails_had_left() {
    for is_logged in [true, false] {
        let line = Helpline::new().await;
        let id = waiting(&line).await;
        let named = match is_logged {
            true => id.simple().to_string(),
            false => "ab".repeat(16),
        };
        let text = format!(
            "Nov 23 09:00:00 mx postfix/cleanup[1]: Q: message-id=<{named}@a.example>\n\
             Nov 23 09:00:00 mx postfix/qmgr[1]: Q: from=<n@a.example>, size=1, nrcpt=1 (queue active)\n"
        );
        // The clock of the house is not that of the database.
        let mut log = RelayLog::new(None, true);
        log.read(text.as_bytes(), line.app.now()).unwrap();
        let done = decide(&line.app, WHO, &Choice::Logged(log), None).await;
        let done = done.unwrap();
        let expected = if is_logged {
            (1, "sent")
        } else {
            (0, "queued")
        };
        assert_eq!(
            (done.letters_sent, stands(&line).await.0.as_str()),
            expected
        );
    }
}
