//! What pages say of a campaign's speed: why it is held and how long it will take; nothing where that is unknown.

use std::time::{Duration, Instant};

use candor::campaign::ability::{InUse, RelaySeen};
use candor::campaign::store::{self, Heartbeat, MayHaveArrived};
use candor::campaign::{Campaign, CampaignKind, doubled};
use candor::delivery::freeze;
use candor::id::{CampaignId, SenderId};
use candor::staff::StaffRole::{Admin, Agent, Comms};
use candor::ticket::agent::{self, Caller};
use candor::ticket::store::waiting_since_before;
use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use serde_json::json;

use crate::client::{ApiClient, Site};
use crate::house::House;
use crate::people::{Scene, list};

/// A campaign to `people` that is being sent, and a sender with this many messages on connections.
async fn sending(house: &House, people: usize, on_connections: usize) -> CampaignId {
    let scene = Scene::new(house).await;
    scene.import(house, &list(people, "name;ssn")).await;
    let campaign = scene.launched(house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    let relay = RelaySeen {
        name: "relay".to_owned(),
        connections: 1,
        held_until: None,
        why: None,
        providers: Vec::new(),
        unanswered: None,
        per_second: 0,
        node_per_second: 0,
    };
    let beat = Heartbeat {
        relays: vec![relay],
        in_use: InUse {
            campaigns: vec![campaign],
            outbox: false,
        },
        sending: [(campaign, on_connections)].into(),
        ..Heartbeat::default()
    };
    let me = SenderId::new(house.app.now());
    let mut conn = house.app.db.get().await.unwrap();
    store::publish_heartbeat(&mut conn, me, "a.example", &beat)
        .await
        .unwrap();
    campaign
}

async fn find(house: &House, id: CampaignId) -> Campaign {
    store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_pacing_holds_says_why_and_estimates_nothing() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let campaign = sending(&house, 100, 0).await;
    // Some messages have left; now the helpline is full.
    house
        .sql(
            "update campaign_count set n = 50 where status = 'queued';
             insert into campaign_count (campaign_id, status, n) select campaign_id, 'sent', 50 from campaign_count;
             update campaign_pace set canary = 'passed', percent = 0,
                reason = 'It holds: 500 people wait on the helpline.'",
        )
        .await;
    house.app.clock.advance(TimeDelta::seconds(10));
    let browser = site.signed_in("Cora", &[Comms]).await;
    let held = "It holds: 500 people wait on the helpline.";
    let dashboard = browser.get("/console").body;
    assert_eq!(dashboard.matches(held).count(), 2, "{dashboard}");
    assert!(dashboard.contains(&format!("waits. {held}")), "{dashboard}");
    let page = browser.get(&format!("/console/campaigns/{campaign}")).body;
    assert!(page.contains(held), "{page}");
    for text in [&dashboard, &page] {
        assert!(
            !text.contains("/s ·") && !text.contains("than 1/s"),
            "{text}"
        );
    }
    let program = site.program(&[Comms]).await;
    let seen = program.get(&format!("/campaigns/{campaign}")).json();
    assert_eq!(seen["held"], json!({ "state": "paced", "reason": held }));
    // The campaign continues at half its rate: the page gives no reason for a hold.
    house.sql("update campaign_pace set percent = 50").await;
    let seen = program.get(&format!("/campaigns/{campaign}")).json();
    assert_eq!(seen["held"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_of_the_latest_whole_minute_while_the_one_before_was_sent_in_too() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let campaign = half_sent(&house).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    house.app.clock.advance(TimeDelta::seconds(10));
    let now = browser.get("/console").body;
    assert!(
        now.contains("5/s · about 10 s left")
            || (1..10).any(|n| now.contains(&format!("4.{n}/s · about"))),
        "{now}"
    );
    // Three days later it continues.
    house.app.clock.advance(TimeDelta::days(3));
    let browser = site.signed_in("Dora", &[Comms]).await;
    let dashboard = || browser.get("/console").body;
    let later = dashboard();
    assert!(later.contains("of 100 sent"), "{later}");
    assert!(
        !later.contains("left</span>") && !later.contains("/s ·"),
        "{later}"
    );
    let ended = |minutes, n| ended(&house, campaign, minutes, n);
    // One minute may be incomplete; two are not.
    house.sql(&ended(1, 120)).await;
    assert!(!dashboard().contains("/s ·"), "{}", dashboard());
    house.sql(&ended(2, 7)).await;
    assert!(
        dashboard().contains("2/s · about 25 s left"),
        "{}",
        dashboard()
    );
}

/// A campaign to 100 people that has passed its canary; half of them were sent to.
async fn half_sent(house: &House) -> CampaignId {
    let campaign = sending(house, 100, 0).await;
    house
        .sql(
            "update campaign_pace set canary = 'passed';
             update sender set seen_at = now() + interval '1 hour';
             update campaign_count set n = 50 where status = 'queued';
             insert into campaign_count (campaign_id, status, n) select campaign_id, 'sent', 50 from campaign_count",
        )
        .await;
    campaign
}

/// SQL that makes this number of notices of a campaign end in one minute, this long ago.
fn ended(house: &House, campaign: CampaignId, minutes: i64, n: u32) -> String {
    let at = house.app.now() - TimeDelta::minutes(minutes);
    format!(
        "insert into campaign_tally (campaign_id, minute, relay, provider, result, code, enhanced, reason, n) values
            ('{}', date_trunc('minute', '{}'::timestamptz), 'relay', 'other', 'accepted', 250, '', '', {n})",
        campaign.uuid(),
        at.to_rfc3339()
    )
}

/// The means by which a campaign is held for a while: by the API or by pacing.
#[derive(Debug, Clone, Copy)]
enum Gap {
    Pause,
    Stop,
    Pacing,
}

impl Gap {
    async fn change(self, house: &House, program: &ApiClient, of: CampaignId, begins: bool) {
        let path = match (self, begins) {
            (Self::Pause, true) => format!("/campaigns/{of}/pause"),
            (Self::Pause, false) => format!("/campaigns/{of}/resume"),
            (Self::Stop, true) => "/stop".to_owned(),
            (Self::Stop, false) => "/start".to_owned(),
            (Self::Pacing, _) => {
                let (percent, reason) = match begins {
                    true => (0, Some("It holds.")),
                    false => (100, None),
                };
                let mut conn = house.app.db.get().await.unwrap();
                let now = house.app.now();
                let set = store::set_percent(&mut conn, of, percent, reason, now).await;
                return assert!(set.unwrap());
            }
        };
        let done = program.post(&path, &json!({}));
        assert_eq!(done.status, 200, "{}", done.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_no_part_of_the_rate() {
    for gap in [Gap::Pause, Gap::Stop, Gap::Pacing] {
        let house = House::new().await;
        let site = Site::open(&house.app).await;
        let campaign = half_sent(&house).await;
        let program = site.program(&[Comms, Admin]).await;
        let browser = site.signed_in("Cora", &[Comms]).await;
        let advance = |seconds| house.app.clock.advance(TimeDelta::seconds(seconds));
        let rate = || {
            let shown = browser.get("/console").body;
            assert!(shown.contains("of 100 sent"), "{shown}");
            let words = shown.split("/s · about ").next().unwrap_or_default();
            let is_said = words.len() < shown.len() || shown.contains("less than 1/s");
            is_said.then(|| words.rsplit('>').next().unwrap_or_default().to_owned())
        };
        advance(20);
        let shown = rate().unwrap_or_default();
        assert!(shown.starts_with("· 2."), "{gap:?}: {shown}");
        gap.change(&house, &program, campaign, true).await;
        advance(60);
        assert_eq!(rate(), None, "{gap:?}: nothing is sent");
        gap.change(&house, &program, campaign, false).await;
        advance(2);
        assert_eq!(rate(), None, "{gap:?}: 50 in 82 seconds is no rate");
        // Once it was sent in for a whole minute, that is the rate.
        advance(180);
        for minutes in [1, 2] {
            house.sql(&ended(&house, campaign, minutes, 120)).await;
        }
        assert_eq!(rate().as_deref(), Some("· 2"), "{gap:?}");
        // No rate while the campaign was paused for a part of that minute.
        gap.change(&house, &program, campaign, true).await;
        gap.change(&house, &program, campaign, false).await;
        assert_eq!(rate(), None, "{gap:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_on_connections_are_listed_where_their_figure_is() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let campaign = sending(&house, 30, 20).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    let page = browser.get(&format!("/console/campaigns/{campaign}")).body;
    assert!(page.contains("data-live=\"sending\">20<"), "{page}");
    // Messages on connections leave although the campaign is cancelled.
    assert!(
        page.contains("Up to 10 unsent messages will never be sent."),
        "{page}"
    );
    let at = format!("/console/campaigns/{campaign}/notices");
    let all = browser.get(&at).body;
    assert!(
        all.contains("queued <span class=\"small\">30</span>"),
        "{all}"
    );
    assert!(!all.contains("status=sending"), "{all}");
    let queued = browser.get(&format!("{at}?status=queued")).body;
    assert_eq!(queued.matches("/console/notices/").count(), 30);
    let sending = browser.get(&format!("{at}?status=sending")).body;
    assert!(!sending.contains("No notice is sending"), "{sending}");
}

fn the_api_answers_without_the_count(program: &ApiClient, campaign: CampaignId) {
    let seen = program.get(&format!("/campaigns/{campaign}"));
    assert_eq!((seen.status, &seen.json()["doubled"]), (200, &json!(null)));
    assert_eq!(seen.json()["maybe_arrived"], json!(null));
    let all = program.get("/campaigns");
    assert_eq!(
        (all.status, all.body.contains("\"doubled\":null")),
        (200, true),
        "{}",
        all.body
    );
    let paused = program.post(&format!("/campaigns/{campaign}/pause"), &json!({}));
    assert_eq!(
        (paused.status, &paused.json()["status"]),
        (200, &json!("paused"))
    );
    let resumed = program.post(&format!("/campaigns/{campaign}/resume"), &json!({}));
    assert_eq!(
        (resumed.status, &resumed.json()["status"]),
        (200, &json!("sending")),
        "{}",
        resumed.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_who_may_have_been_told_twice_holds_up_no_page_and_no_answer() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let campaign = sending(&house, 10, 0).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    let program = site.program(&[Comms, Agent]).await;
    let of = find(&house, campaign).await;
    let counted = doubled::counted(&house.app, &of, doubled::PATIENCE).await;
    assert_eq!(counted.unwrap(), Some(MayHaveArrived::default()));
    assert_eq!(
        doubled::counted(&house.app, &of, Duration::ZERO)
            .await
            .unwrap(),
        None
    );
    // The state after a restore: many notices may have been sent.
    let raw = house.raw().await;
    raw.batch_execute("begin; lock table outcome in access exclusive mode")
        .await
        .unwrap();
    let begun = Instant::now();
    let page = browser.get(&format!("/console/campaigns/{campaign}"));
    assert!(
        page.status == 200 && page.body.contains("data-live=\"doubled\">not counted<"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("How many of those queued or deferred may have arrived is not counted"),
        "{}",
        page.body
    );
    // Both counts are of the same second.
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    the_api_answers_without_the_count(&program, campaign);
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
    raw.batch_execute("commit").await.unwrap();
    let seen = program.get(&format!("/campaigns/{campaign}")).json();
    assert_eq!(
        (&seen["doubled"], &seen["maybe_arrived"]),
        (&json!(0), &json!(0))
    );
    let page = browser.get(&format!("/console/campaigns/{campaign}")).body;
    assert!(!page.contains("may have arrived"), "{page}");
}

/// One ticket, and more like it in the queue, each a second older than the one before.
async fn in_line(house: &House, scene: &Scene, more: u32) {
    let app = &house.app;
    let caller = Caller {
        incident: scene.incident,
        person: None,
        locale: "en",
        topic: "",
        verified: false,
    };
    let agent = house.staff(&["agent"]).await;
    let opened = agent::open_for_caller(app, agent, &caller, "What happened?").await;
    let (ticket, now) = (opened.unwrap().id.uuid(), app.now().to_rfc3339());
    let copy = format!(
        "do $$ declare cols text; declare vals text; begin
            select string_agg(quote_ident(column_name), ','), string_agg(case column_name
                when 'id' then 'gen_random_uuid()' when 'number' then $v$'T-' || n$v$ when 'status' then $v$'new'$v$
                when 'assignee' then 'null' when 'lease_until' then 'null'
                when 'waits_since' then $v$'{now}'::timestamptz - n * interval '1 second'$v$
                else quote_ident(column_name) end, ',')
                from information_schema.columns where table_schema = current_schema() and table_name = 'ticket'
                into cols, vals;
            execute format('insert into ticket (%s) select %s from ticket, generate_series(1, {more}) n
                where id = ''{ticket}''', cols, vals);
        end $$; analyze ticket"
    );
    house.sql(&copy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_wait_long_are_counted_from_an_index() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    in_line(&house, &scene, 20_000).await;
    let mut conn = house.app.db.get().await.unwrap();
    let before = house.app.now() - TimeDelta::seconds(19_900);
    let counted = waiting_since_before(&mut conn, before).await.unwrap();
    assert!((95..=100).contains(&counted), "{counted}");
    conn.batch_execute("select pg_stat_force_next_flush()")
        .await
        .unwrap();
    conn.batch_execute("select 1").await.unwrap();
    let read = "select idx_tup_read from pg_stat_user_indexes where schemaname = current_schema()
        and indexrelname = 'ticket_in_line_since'";
    assert_eq!(house.number(read).await, counted);
}
