//! E-mails to staff about decisions, as a mail server receives them.

use candor::campaign::{launch, reject, void_watch};
use candor::incident::Facts;

use super::{Desk, WHY};
use crate::mail::scripted::{Act, Server, serve};
use crate::people::submitted;
use crate::sending::local;

const TELLS: &str = "[mail]\ntell_staff = true\n";
const ANA: &str = "ana@staff.example";
const INES: &str = "ines@staff.example";

/// Sends what waits; the recipients and the texts since the last time.
async fn received(desk: &Desk, server: &Server, before: &mut usize) -> Vec<(String, String)> {
    desk.house.send_through(vec![local(server.port, 1)]).await;
    let heard = server.heard();
    let to = heard.iter().filter_map(|command| {
        let (_, to) = command.split_once("RCPT TO:<")?;
        Some(to.split('>').next()?.to_owned())
    });
    let all: Vec<_> = to.zip(server.texts()).collect();
    let new = all[*before..].to_vec();
    *before = all.len();
    new
}

/// Whether exactly these accounts got an e-mail with these words; the accounts of the scene's house are not among them.
fn got(new: &[(String, String)], to: &[&str], words: &str) {
    let mut told: Vec<&str> = new.iter().map(|(to, _)| to.as_str()).collect();
    told.retain(|one| [ANA, INES].contains(one));
    told.sort_unstable();
    assert_eq!(told, to, "{new:?}");
    for (_, text) in new {
        let plain = text.replace("=\r\n", "").replace("=\n", "");
        assert!(plain.contains(words), "{words}: {plain}");
        for person in ["Person 0", "person0", "R-00000"] {
            assert!(!plain.contains(person), "{plain}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_parties_are_told_by_email() {
    let desk = Desk::open(TELLS).await;
    let server = serve(&["PIPELINING", "8BITMIME", "SMTPUTF8"], |_, _| Act::Usual).await;
    let (app, scene, mut before) = (&desk.house.app, &desk.scene, 0);
    let (id, _) = desk.submitted().await;
    let new = received(&desk, &server, &mut before).await;
    // The author may approve, too, and is not asked to.
    got(&new, &[INES], "waits for your approval");
    got(&new, &[INES], &format!("/console/campaigns/{id}/approval"));

    reject::reject(app, scene.approver, id, WHY).await.unwrap();
    let new = received(&desk, &server, &mut before).await;
    got(&new, &[ANA], "was rejected");
    assert!(!new[0].1.contains("theft"), "the comment is not sent");

    let hash = submitted(app, scene.comms, id).await.unwrap();
    received(&desk, &server, &mut before).await;
    launch::approve(app, scene.approver, id, &hash)
        .await
        .unwrap();
    let new = received(&desk, &server, &mut before).await;
    got(&new, &[ANA], "is approved");

    void_watch::tell_all(app).await.unwrap();
    assert_eq!(
        received(&desk, &server, &mut before).await,
        [],
        "it is valid"
    );
    let facts = Facts::from([("contact_phone".to_owned(), "555-0199".to_owned())]);
    scene.edit_facts(&desk.house, "Theft of data", &facts).await;
    let (first, second) = tokio::join!(void_watch::tell_all(app), void_watch::tell_all(app));
    first.unwrap();
    second.unwrap();
    let new = received(&desk, &server, &mut before).await;
    got(&new, &[ANA, INES], "contact_phone");
    void_watch::tell_all(app).await.unwrap();
    assert_eq!(received(&desk, &server, &mut before).await, [], "told once");
    let noted = "select count(*) from audit_event where action = 'campaign.void'";
    assert_eq!(desk.house.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_disabled_meanwhile_gets_no_email() {
    let desk = Desk::open(TELLS).await;
    desk.submitted().await;
    desk.house
        .sql("update staff set disabled_at = now() where name = 'ines'")
        .await;
    desk.house.send_all().await;
    let withheld = "select count(*) from outbox o join staff s on s.id = o.staff_id \
                    where s.name = 'ines' and o.status = 'withheld' and o.withheld = 'account_disabled' and o.sealed is null";
    assert_eq!(desk.house.number(withheld).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_where_the_settings_say_so() {
    let desk = Desk::open("").await;
    desk.submitted().await;
    assert_eq!(desk.house.number("select count(*) from outbox").await, 0);
}
