//! Which acts and commands wait for a lock of the log, and how long.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_act_waits_for_no_other_act_and_for_no_linking_of_the_audit_log() {
    let house = House::new().await;
    act(&house, "a.first").await;
    let holder = house.raw().await;
    holder
        .batch_execute("begin; select * from audit_head for update")
        .await
        .unwrap();
    let open = house.app.db.begin().await.unwrap();
    let mut open = open;
    store::append(
        &mut open,
        house.app.now(),
        SYSTEM,
        Action::KeyAdd,
        "x",
        &json!({}),
    )
    .await
    .unwrap();
    let begun = Instant::now();
    act(&house, "c.while").await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(
        link::turn(&house.app).await.unwrap(),
        link::Turn::default(),
        "the head is held"
    );
    holder.batch_execute("commit").await.unwrap();
    assert_eq!(link::turn(&house.app).await.unwrap().linked, 2);
    open.commit().await.unwrap();
    assert_eq!(link::turn(&house.app).await.unwrap().linked, 1);
    assert!(report(&house).await.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_stop_that_cannot_be_written_is_written_later_once_with_its_own_time() {
    let house = House::new().await;
    let holder = house.raw().await;
    holder
        .batch_execute("begin; lock table audit_event in access exclusive mode")
        .await
        .unwrap();
    let begun = Instant::now();
    let done = hold::stop_everything(&house.app, SYSTEM).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!((done.changed, done.recorded), (true, false));
    let stopped = "select count(*) from emergency_stop where stopped_at is not null";
    assert_eq!(house.number(stopped).await, 1);
    let program = Program::of(&house);
    assert!(
        program
            .ok(&["start"])
            .contains("audit log cannot be written now")
    );
    house.app.clock.advance(chrono::TimeDelta::hours(1));
    assert!(hold::record_switches(&house.app).await.is_err());
    holder.batch_execute("commit").await.unwrap();
    for _ in 0..2 {
        hold::record_switches(&house.app).await.unwrap();
    }
    let late = "select count(*) from audit_event where action in ('sending.stop', 'sending.start') \
                and detail::jsonb->'written_late' = 'true'";
    assert_eq!(house.number(late).await, 2);
    let then = format!(
        "select count(*) from audit_event where action = 'sending.stop' and at = '{}'",
        crate::house::BEGINNING
    );
    assert_eq!(
        house.number(&then).await,
        1,
        "with the time at which it was done"
    );
    assert_eq!(
        house
            .number("select jsonb_array_length(unrecorded) from emergency_stop")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_commands_do_not_wait_long_for_a_lock_and_long_work_does() {
    let house = House::with("[database]\nlock_seconds = 1\nstatement_seconds = 2").await;
    let scene = Scene::new(&house).await;
    let holder = house.raw().await;
    holder
        .batch_execute("begin; select * from incident for update")
        .await
        .unwrap();
    let begun = Instant::now();
    let mut tx = house.app.db.begin().await.unwrap();
    let refused = candor::incident::store::lock(&mut tx, scene.incident).await;
    assert!(matches!(refused, Err(db::Error::Late(_))), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(tx);
    let patient = house.app.patient();
    let waits = tokio::spawn(async move {
        let mut tx = patient.db.begin().await.unwrap();
        let limits = "select coalesce(nullif(current_setting('statement_timeout'), '0'), 'none')";
        let client = patient.db.raw().await.unwrap();
        let limit: String = client.query_one(limits, &[]).await.unwrap().get(0);
        let found = candor::incident::store::lock(&mut tx, scene.incident).await;
        (limit, found.is_ok())
    });
    let asleep = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%incident%'";
    let deadline = Instant::now() + Duration::from_secs(20);
    // Longer than the limits of the other connections.
    while house.number(asleep).await == 0 || begun.elapsed() < Duration::from_secs(4) {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    holder.batch_execute("commit").await.unwrap();
    assert_eq!(waits.await.unwrap(), ("none".to_owned(), true));
}
