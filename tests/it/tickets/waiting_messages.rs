//! A message in the outbox is read again as it leaves: its recipient is decided then, not when it was written.

use candor::address::EmailAddress;
use candor::id::PersonId;
use candor::mail::read::read;
use candor::outbox::{self, LetterStatus, LetterWithheld};
use candor::person;
use candor::person::contact::Contact;
use candor::person::flags::Flags;
use candor::ticket::{Then, Ticket, code};
use chrono::TimeDelta;

use super::{ANN, Helpline, Someone};

const NEW: &str = "ann@new.example";

impl Helpline {
    /// The list gives a person another address, or none.
    async fn moves_to(&self, id: PersonId, email: Option<&str>) {
        let mut conn = self.app.db.get().await.unwrap();
        let now = person::store::find(&mut conn, &self.key, id).await.unwrap();
        let contact = Contact {
            email: email.map(|text| EmailAddress::parse(text).unwrap()),
            ..now.contact
        };
        let (keys, sealed) = contact.seal(&self.key, self.incident);
        let set = "update person set sealed = $2, email_key = $3, contact_key = $4 where id = $1";
        let key = keys.email.map(Vec::from);
        let contact = keys.contact.as_slice();
        let raw = self.raw().await;
        raw.execute(set, &[&id.uuid(), &sealed, &key, &contact])
            .await
            .unwrap();
    }

    async fn marks(&self, ticket: &Ticket) -> Vec<(LetterStatus, Option<LetterWithheld>)> {
        let mut conn = self.app.db.get().await.unwrap();
        let letters = outbox::store::of_ticket(&mut conn, ticket.id).await;
        let mark = |letter: outbox::Delivery| (letter.status, letter.withheld);
        letters.unwrap().into_iter().map(mark).collect()
    }

    /// The code in the one message that was sent since then.
    fn code(&self) -> String {
        let letter = self.mail.take_sent().pop().expect("a mail");
        let text = read(&letter.raw).text;
        let line = text.lines().find(|line| line.len() == 6);
        line.expect("a code").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_answer_is_not_sent_to_a_person_who_must_not_be_written_to_any_more() {
    let line = Helpline::new().await;
    for (flag, why) in [
        (Flags::HOLD, LetterWithheld::LegalHold),
        (Flags::PROTECTED, LetterWithheld::ProtectedAddress),
        (Flags::DECEASED, LetterWithheld::Deceased),
    ] {
        let ann = line.person(&ANN).await;
        let asked = line.asks(ann, "Hello?").await;
        line.send_all().await;
        line.mail.take_sent();
        line.app.clock.advance(TimeDelta::minutes(1));
        let answered = line.replies(&asked, "Hello.", Then::solved()).await;
        code::send(&line.app, line.incident, ann).await.unwrap();
        let set = format!(
            "update person set flags = {} where id = '{}'",
            flag.bits(),
            ann.uuid()
        );
        line.sql(&set).await;
        line.send_all().await;
        assert_eq!(line.mail.take_sent().len(), 0, "{why}");
        let expected = [
            (LetterStatus::Sent, None),
            (LetterStatus::Withheld, Some(why)),
        ];
        assert_eq!(line.marks(&answered).await, expected);
    }
    let codes = "select count(*) from outbox where kind = 'one_time_code' and status = 'withheld' \
                 and sealed is null and attempts = 0";
    assert_eq!(line.number(codes).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_answer_goes_to_the_new_address_and_to_none_if_there_is_none() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = line.asks(ann, "Hello?").await;
    line.moves_to(ann, Some(NEW)).await;
    line.send_all().await;
    let sent = line.mail.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipient.as_str(), NEW);

    line.app.clock.advance(TimeDelta::minutes(1));
    let answered = line.replies(&asked, "Hello.", Then::solved()).await;
    line.moves_to(ann, None).await;
    line.send_all().await;
    assert_eq!(line.mail.take_sent().len(), 0);
    let withheld = (LetterStatus::Withheld, Some(LetterWithheld::NoAddress));
    assert_eq!(line.marks(&answered).await[1], withheld);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_deferred_by_a_relay_is_read_again_before_its_next_try() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let later = candor::mail::Reply::heard(451, "4.3.0 try later", None);
    line.mail.answer_next([later]);
    let asked = line.asks(ann, "Hello?").await;
    line.send_all().await;
    line.moves_to(ann, Some(NEW)).await;
    line.app.clock.advance(TimeDelta::minutes(7));
    line.send_all().await;
    let sent = line.mail.take_sent();
    assert_eq!(sent.last().unwrap().recipient.as_str(), NEW);
    assert_eq!(line.marks(&asked).await, [(LetterStatus::Sent, None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_revoked_links_is_not_sent() {
    let line = Helpline::new().await;
    let ann = line.person(&ANN).await;
    let asked = line.asks(ann, "Hello?").await;
    let mut conn = line.app.db.get().await.unwrap();
    person::store::revoke_links(&mut conn, ann).await.unwrap();
    line.send_all().await;
    assert_eq!(line.mail.take_sent().len(), 0);
    let withheld = (LetterStatus::Withheld, Some(LetterWithheld::LinkRevoked));
    assert_eq!(line.marks(&asked).await, [withheld]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_with_the_address_it_was_sent_to() {
    let line = Helpline::new().await;
    let app = &line.app;
    let ann = line.person(&ANN).await;
    let check = async |typed: &str| code::check(app, line.incident, ann, typed).await.unwrap();
    let step = async || {
        let mut conn = app.db.get().await.unwrap();
        code::step(&mut conn, app, line.incident, ann)
            .await
            .unwrap()
    };
    assert_eq!(step().await, code::Step::Offer);
    code::send(app, line.incident, ann).await.unwrap();
    assert!(matches!(step().await, code::Step::Sending { to, .. } if to == "a•••@h•••.example"));
    line.send_all().await;
    assert!(matches!(step().await, code::Step::Sent { .. }));
    let old = line.code();
    line.moves_to(ann, Some(NEW)).await;
    assert!(
        !check(&old).await,
        "sent to an address that is not theirs any more"
    );
    assert_eq!(step().await, code::Step::Offer);

    // A new one does not wait for the old one's minute.
    code::send(app, line.incident, ann).await.unwrap();
    line.send_all().await;
    let sent = line.mail.sent();
    assert_eq!(sent.last().unwrap().recipient.as_str(), NEW);
    let new = line.code();
    assert!(check(&new).await);

    // Without a usable address a code opens nothing.
    app.clock.advance(TimeDelta::minutes(2));
    code::send(app, line.incident, ann).await.unwrap();
    line.send_all().await;
    let last = line.code();
    line.moves_to(ann, None).await;
    assert!(!check(&last).await);
    assert_eq!(step().await, code::Step::NoMail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_code_for_an_old_address_or_too_old_is_dropped() {
    let line = Helpline::new().await;
    let people = line.people(2, &ANN).await;
    code::send(&line.app, line.incident, people[0])
        .await
        .unwrap();
    line.moves_to(people[0], Some(NEW)).await;
    line.send_all().await;
    code::send(&line.app, line.incident, people[1])
        .await
        .unwrap();
    line.app.clock.advance(TimeDelta::minutes(10));
    line.send_all().await;
    assert_eq!(line.mail.take_sent().len(), 0);
    for why in ["address_changed", "expired"] {
        let dropped = format!("select count(*) from outbox where withheld = '{why}'");
        assert_eq!(line.number(&dropped).await, 1, "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_that_their_mail_server_refused_a_code() {
    let line = Helpline::new().await;
    let ann = line.person(&Someone { ..ANN }).await;
    let refused = candor::mail::Reply::heard(550, "5.1.1 no such user", None);
    line.mail.answer_next([refused]);
    code::send(&line.app, line.incident, ann).await.unwrap();
    line.send_all().await;
    let mut conn = line.app.db.get().await.unwrap();
    let step = code::step(&mut conn, &line.app, line.incident, ann).await;
    let to = "a•••@h•••.example".to_owned();
    assert_eq!(step.unwrap(), code::Step::Refused { to });
}
