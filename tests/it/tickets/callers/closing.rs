//! How tickets are given back, closed, and told from calls.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn b13_a_ticket_that_was_given_back_is_taken_by_one_agent() {
    let line = Helpline::open("").await;
    let (ann, _) = line.person(1).await;
    let asked = line.asks(ann, "What was taken?").await.ticket().clone();
    let ana = line.site.signed_in("ana", &[Agent]).await;
    let ben = line.site.signed_in("ben", &[Agent]).await;
    assert_eq!(act(&ana, &asked, "take", &[]), 303);
    assert!(ana.get(&page(&asked)).body.contains("Reply to customer"));
    assert_eq!(act(&ana, &asked, "release", &[]), 303);
    let stale = line.ticket(&asked).await.version.to_string();
    for one in [&ana, &ben] {
        let seen = one.get(&page(&asked)).body;
        assert!(
            seen.contains("Take it") && !seen.contains("Give back"),
            "{seen}"
        );
        assert!(!seen.contains("Reply to customer"), "no agent has it yet");
    }
    assert_eq!(act(&ben, &asked, "take", &[]), 303);
    let seen = ben.get(&page(&asked)).body;
    assert!(seen.contains("Reply to customer") && seen.contains("Give back"));
    assert_eq!(act(&ana, &asked, "take", &[("version", &stale)]), 409);
    let now = line.ticket(&asked).await;
    assert!(now.held_by(line.house.app.now()).is_some());
    let fresh = now.version.to_string();
    let path = format!("{}/take", page(&asked));
    let token = ana.get(&page(&asked));
    let fields = [("csrf", token.csrf()), ("version", &*fresh)];
    let held = ana.post(&path, &fields, &[("sec-fetch-site", "same-origin")]);
    assert_eq!(held.status, 409);
    assert!(
        held.body.contains("ben is working on this ticket"),
        "{}",
        held.body
    );
    let takes = "select count(*) from audit_event where action = 'ticket.take'";
    assert_eq!(line.house.number(takes).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_closing_as_spam_is_for_good_and_the_page_says_who_did_it() {
    let line = Helpline::open("").await;
    let (ann, _) = line.person(1).await;
    let asked = line
        .asks(ann, "Was my bank account stolen?")
        .await
        .ticket()
        .clone();
    let ben = line.site.signed_in("ben", &[Agent]).await;
    let before = ben.get(&page(&asked)).body;
    assert!(before.contains("It is closed for good: nobody can open it again."));
    assert_eq!(act(&ben, &asked, "take", &[]), 303);
    assert_eq!(
        act(&ben, &asked, "transition", &[("to", "closed:spam")]),
        303
    );
    let lead = line.site.signed_in("lena", &[Lead]).await;
    for one in [&ben, &lead] {
        let seen = one.get(&page(&asked)).body;
        let ended = "Closed as spam by ben on 23 November 2026, 09:00 UTC.";
        assert!(seen.contains(ended), "{seen}");
        assert!(seen.contains("This ticket is closed for good"));
    }
    let closed = lead.get("/console/helpline?status=closed").body;
    assert!(closed.contains(asked.number.as_str()) && closed.contains("ended: spam"));
    assert!(
        lead.get("/console/helpline")
            .body
            .contains("?status=closed")
    );

    let solved = line.asks(ann, "And my name?").await.ticket().clone();
    assert_eq!(act(&ben, &solved, "take", &[]), 303);
    ben.answer(&page(&solved));
    let seen = ben.get(&page(&solved)).body;
    let ended = "Solved (answered) by ben on 23 November 2026, 09:00 UTC.";
    assert!(seen.contains(ended), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_question_closed_as_the_same_matter_says_where_the_answer_is() {
    let line = Helpline::open("").await;
    let (ann, ann_page) = line.person(1).await;
    let (bo, bo_page) = line.person(2).await;
    let first = line.asks(ann, "What was taken?").await.ticket().clone();
    let again = line
        .asks(ann, "What was taken of mine?")
        .await
        .ticket()
        .clone();
    let his = line
        .asks(bo, "What was taken of my wife?")
        .await
        .ticket()
        .clone();
    let ben = line.site.signed_in("ben", &[Agent]).await;
    for ticket in [&again, &his] {
        let closed = [("to", "closed:duplicate")];
        assert_eq!(act(&ben, ticket, "transition", &closed), 303);
    }
    let stranger = line.site.browser();
    let path = format!("{ann_page}/tickets/{}", again.number);
    let seen = stranger.get(&path).body;
    assert!(
        seen.contains("it is the same matter as another question"),
        "{seen}"
    );
    let link = format!("href=\"{ann_page}/tickets/{}\"", first.number);
    assert!(seen.contains("You find the answer at one of these") && seen.contains(&link));
    assert!(seen.contains("To write, open your details below first."));
    assert!(!seen.contains("What you write below"));
    let seen = stranger
        .get(&format!("{bo_page}/tickets/{}", his.number))
        .body;
    assert!(seen.contains("You have no other question here"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_a_customer_who_wrote_in_another_tab_is_told_so() {
    let line = Helpline::open("").await;
    let (ann, _) = line.person(1).await;
    let asked = line.asks(ann, "What was taken?").await.ticket().clone();
    let ben = line.site.signed_in("ben", &[Agent]).await;
    assert_eq!(act(&ben, &asked, "take", &[]), 303);
    let before = line.ticket(&asked).await;
    let (version, messages) = (before.version.to_string(), before.messages.to_string());
    let says = |text: &str| {
        let fields = [
            ("kind", "reply"),
            ("text", text),
            ("version", &*version),
            ("messages", &*messages),
            ("then", "open"),
        ];
        let page = page(&asked);
        ben.submit(&page, &format!("{page}/messages"), &fields)
    };
    assert_eq!(says("First.").status, 303);
    let late = says("Second.");
    assert_eq!(late.status, 409);
    assert!(
        late.body
            .contains("You wrote in another tab or window just now")
    );
    assert!(!late.body.contains("A colleague wrote"));
}
