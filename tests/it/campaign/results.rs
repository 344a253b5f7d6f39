//! The results of a campaign's messages on its page: from counters that a recount proves.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use candor::account::recount;
use candor::campaign::CampaignKind;
use candor::delivery::store::outcome::Outcome;
use candor::delivery::store::writer::Writer;
use candor::id::NoticeId;
use candor::mail::Reply;
use candor::notice::AttemptResult;
use candor::staff::StaffRole::Comms;
use chrono::TimeDelta;

use crate::client::{PASSWORD, Site, unlabelled};
use crate::house::House;
use crate::people::{Scene, list};

/// Sends all; one message is refused, two are deferred and sent three hours later.
async fn send_with_refusals(house: &House) {
    house
        .mail
        .answer_by(|letter| match letter.recipient.local() {
            "person1" => Some(Reply::heard(550, "5.1.1 No such user here", None)),
            "person2" | "person3" => Some(Reply::heard(450, "4.2.1 The mailbox is busy", None)),
            _ => None,
        });
    house.send_all().await;
    house.mail.answer_by(|_| None);
    house.app.clock.advance(TimeDelta::hours(3));
    house.send_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_campaign_draws_and_tells_what_came_of_it() {
    let house = House::with(
        "[sessions]\nidle_minutes = 0\n[providers.big]\nper_second = 0\ndomains = [\"example.org\"]",
    )
    .await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(40, "name;ssn")).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let page = || comms.get(&format!("/console/campaigns/{campaign}"));
    let before = page();
    assert_eq!(before.status, 200);
    assert!(
        before
            .body
            .contains("A chart of outcomes per minute appears here once it sends.")
    );

    send_with_refusals(&house).await;
    assert_eq!(
        recount::books(&house.app, scene.incident).await.unwrap(),
        []
    );

    let after = unlabelled(&page().body);
    for words in [
        "Outcomes per 5 min, UTC",
        "deferred <b>2</b>",
        "refused <b>1</b>",
        "550 5.1.1</th><td>no such mailbox",
        "450 4.2.1</th><td>",
        "no running sender uses it",
    ] {
        assert!(after.contains(words), "{words}: {after}");
    }
    let sent = "select sum(n)::bigint from campaign_tally where result = 'accepted'";
    assert_eq!(house.number(sent).await, 39);
    // A recount finds a wrong counter.
    house
        .sql("update campaign_tally set n = n + 1 where result = 'refused'")
        .await;
    let differ = recount::books(&house.app, scene.incident).await.unwrap();
    let said: Vec<_> = differ.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [format!(
            "attempts {:?} refused: booked 2, counted 1",
            campaign.uuid().to_string()
        )]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_of_one_row_in_one_commit_one_succeeds() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let row = |relay: &str| Outcome {
        notice_id: NoticeId::in_bucket(7, house.app.now()),
        attempt: 1,
        settled: false,
        campaign_id: campaign,
        result: AttemptResult::InFlight,
        relay: relay.to_owned(),
        code: None,
        enhanced: None,
        reply: None,
        reason: None,
        retry_at: None,
        at: house.app.now(),
    };
    let (first, other) = (row("first"), row("first"));
    let second = Outcome {
        relay: "second".to_owned(),
        ..first.clone()
    };
    let writer = Writer::new(house.app.db.raw().await.unwrap())
        .await
        .unwrap();
    let mut written = writer.write(&[&first, &other, &second]).await.unwrap();
    let key = |row: &Outcome| (row.notice_id, row.attempt, row.settled);
    let told = [&first, &other, &second].map(|row| written.take(&key(row)));
    assert_eq!(told, [true, true, false]);
    let relays = "select count(*) from outcome where relay = 'first'";
    assert_eq!(house.number(relays).await, 2);
    house.send_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_the_event_stream_ends() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Comms]).await;
    let ana = site.browser();
    assert_eq!(ana.sign_in("ana@staff.example", PASSWORD).status, 303);
    let cookie = ana.cookie("candor_session").unwrap();

    let host = site.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "GET /console/campaigns/{campaign}/live HTTP/1.1\r\nHost: {host}\r\n\
         Cookie: candor_session={cookie}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let (mut heard, mut octets) = (Vec::new(), [0; 4_096]);
    while !String::from_utf8_lossy(&heard).contains("event: progress") {
        let n = stream.read(&mut octets).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&octets[..n]);
    }
    let out = ana.submit("/console/sign-in", "/console/sign-out", &[]);
    assert_eq!(out.status, 303);
    stream.read_to_end(&mut heard).expect("it ends");
    house.send_all().await;
}
