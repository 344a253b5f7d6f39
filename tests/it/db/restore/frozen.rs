//! A copy from before an audience was frozen: messages to its people are still recognised by their Message-IDs.

use candor::account::account;
use candor::actor::{Actor, System};
use candor::campaign::error::CampaignError;
use candor::campaign::{CampaignKind, launch};
use candor::deployment::Why;
use candor::mail::Reply;
use candor::recovery::Restored;
use candor::recovery::departed::Choice;
use candor::recovery::relay_log::RelayLog;
use candor::recovery::restored::{RestoreError, decide};

use super::{Copy, dump, look, nothing_leaves};
use crate::house::House;
use crate::people::{MESSAGE_OF, Scene, list};

const WHO: Actor = Actor::System(System::Cli);

/// A log of the messages of `house`, as Postfix writes it.
pub fn log_of(house: &House) -> RelayLog {
    let mut text = String::new();
    for (n, letter) in house.mail.sent().iter().enumerate() {
        let id = &letter.message_id;
        text += &format!(
            "Nov 23 09:00:00 mx postfix/cleanup[1]: Q{n}: message-id=<{id}>\n\
             Nov 23 09:00:00 mx postfix/qmgr[1]: Q{n}: from=<n@a.example>, size=1, nrcpt=1 (queue active)\n\
             Nov 23 09:00:01 mx postfix/smtp[1]: Q{n}: to=<x@b.example>, dsn=2.0.0, status=sent (250 ok)\n"
        );
    }
    // The clock of the house is not that of the database.
    let mut log = RelayLog::new(None, true);
    log.read(text.as_bytes(), house.app.now()).unwrap();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_log_settles_people_who_had_no_notice_in_the_copy() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(90, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let early = dump(&house);
    // A third of them are told before the database is lost.
    house.mail.answer_by(|letter| {
        let person = letter.recipient.as_str().trim_start_matches("person");
        let number: usize = person.split('@').next()?.parse().ok()?;
        (number >= 30).then(|| Reply::heard(451, "4.2.1 busy", None))
    });
    house.send_all().await;
    let copy = Copy::load(&house, &early, "").await;
    let copy = copy.house();
    let doubt = look(copy).await.unwrap();
    assert_eq!(doubt.why, [Why::Row, Why::Database]);
    assert_eq!(copy.number("select count(*) from notice").await, 0);
    nothing_leaves(copy).await;
    let log = log_of(&house);
    let left = log.keys().count();
    assert_eq!(left, 30);
    let done = decide(&copy.app, WHO, &Choice::Logged(log), None)
        .await
        .unwrap();
    let expected = Restored {
        campaigns: 1,
        frozen: 90,
        sent: left as u64,
        unsent: 90 - left as u64,
        ..Restored::default()
    };
    assert_eq!(done, expected);
    copy.send_all().await;
    let mut all: Vec<_> = [house.mail.sent(), copy.mail.sent()]
        .concat()
        .into_iter()
        .map(|letter| letter.message_id)
        .collect();
    all.sort();
    assert_eq!(all.len(), 90);
    all.dedup();
    assert_eq!(all.len(), 90, "each once");
    let of = format!("select count(distinct {MESSAGE_OF}) from notice n where status = 'sent'");
    assert_eq!(copy.number(&of).await, 90);
    let mut conn = copy.app.db.get().await.unwrap();
    let told = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!((told.notified, told.unexplained), (90, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_what_was_approved_in_the_copy_is_approved_again_and_a_wrong_log_is_refused() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    scene
        .take(
            &house,
            candor::scope::ScopeMode::Delta,
            &list(20, "name;ssn;dob"),
        )
        .await;
    let next = scene
        .draft(
            &house,
            CampaignKind::Supplement,
            candor::campaign::UncertainPolicy::Resend,
        )
        .await;
    let hash = launch::submit(&house.app, scene.comms, next).await.unwrap();
    launch::approve(&house.app, scene.approver, next, &hash)
        .await
        .unwrap();
    let copy = Copy::load(&house, &dump(&house), "").await;
    let copy = copy.house();
    assert!(look(copy).await.is_some());
    let refused = launch::launch(&copy.app, scene.comms, next).await;
    assert!(
        matches!(refused, Err(CampaignError::InDoubt(_))),
        "{refused:?}"
    );
    let empty = Choice::Logged(RelayLog::default());
    let refused = decide(&copy.app, WHO, &empty, None).await;
    assert!(matches!(refused, Err(RestoreError::NotALog)));
    let done = decide(&copy.app, WHO, &Choice::Unknown, None)
        .await
        .unwrap();
    assert_eq!((done.taken_back, done.uncertain), (1, 0));
    let states = copy
        .raw()
        .await
        .query(
            "select status::text, status_reason from campaign order by kind",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(states[0].get::<_, String>(0), "completed");
    assert_eq!(states[1].get::<_, String>(0), "draft");
    let reason: String = states[1].get(1);
    assert!(reason.contains("may have been launched"), "{reason}");
    assert_ne!(campaign, next);
    let twice = decide(&copy.app, WHO, &Choice::Unknown, None).await;
    assert!(matches!(twice, Err(RestoreError::NoDoubt)));
}
