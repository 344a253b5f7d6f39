//! What letter lists take and refuse, next of kin and safe channels, and what a dump shows.

use candor::link::NoticeCode;
use candor::postal::{How, PostalError, PostalKind, PostalState, Telling, post, told};
use candor::staff::StaffRole;
use chrono::TimeDelta;

use super::{Post, day, without_mail};
use crate::client::{Browser, Site};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_list_leaves_out_people_on_a_waiting_one_unless_told_otherwise() {
    let post = Post::with(&without_mail(5)).await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let again = post.take(PostalKind::Letter, false).await;
    assert!(
        matches!(again, Err(PostalError::Waiting { waiting: 5 })),
        "{again:?}"
    );
    post.delta("new,,New,1,1 St,en,US-WA,,name\n").await;
    let (_, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), ["new"]);
    let (_, rows) = post.take(PostalKind::Letter, true).await.unwrap();
    assert_eq!(rows.len(), 6);
    // A discarded list releases its people; its codes open nothing.
    let person = post.person("r1").await.id;
    let code = post.code(first.id, person);
    let opens = async || {
        candor::postal::code::check(&post.house.app, person, &code)
            .await
            .unwrap()
    };
    assert!(opens().await);
    let gone = post::discard(&post.house.app, post.scene.comms, first.id)
        .await
        .unwrap();
    assert_eq!(gone.state, PostalState::Discarded);
    assert!(!opens().await);
    let late = post.posted(first.id, "2026-11-23").await;
    let discarded = |state| state == PostalState::Discarded;
    assert!(
        matches!(late, Err(PostalError::NotWaiting { state, .. }) if discarded(state)),
        "{late:?}"
    );
    assert_eq!(post.figures().await, [0, 0, 0, 0, 6, 0]);
}

async fn refused_lists_leave_nothing(post: &Post) {
    let nobody = post.take(PostalKind::Kin, false).await;
    assert!(matches!(nobody, Err(PostalError::Nobody)), "{nobody:?}");
    let guardians = post.take(PostalKind::Guardian, false).await;
    assert!(
        matches!(guardians, Err(PostalError::MinorsAreMailed)),
        "{guardians:?}"
    );
    let batches = "select count(*) from postal_batch";
    assert_eq!(
        post.house.number(batches).await,
        0,
        "a refusal leaves nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_lists_that_cannot_be_are_refused() {
    let post = Post::with(&without_mail(2)).await;
    refused_lists_leave_nothing(&post).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let tomorrow = post.posted(batch.id, "2026-11-24").await;
    assert!(
        matches!(tomorrow, Err(PostalError::InFuture { .. })),
        "{tomorrow:?}"
    );
    let before = post.posted(batch.id, "2026-11-22").await;
    assert!(
        matches!(before, Err(PostalError::BeforeTaken { .. })),
        "{before:?}"
    );
    let telling = Telling::new(How::Phone, "x").unwrap();
    let on = day("2026-11-23");
    let told = {
        let done = post::Done::told(on, telling.clone());
        post::record(&post.house.app, post.scene.comms, batch.id, &done).await
    };
    assert!(matches!(told, Err(PostalError::IsPosted(_))), "{told:?}");
    let back = post
        .returned("reference,reason\nr0,moved\nr9,moved\n")
        .await;
    let refused: Vec<_> = back
        .refused
        .iter()
        .map(|(line, why)| (*line, why.to_string()))
        .collect();
    assert!(refused[0].1.contains("not recorded as posted") && refused[1].1.contains("no letter"));
    assert_eq!((back.returned, refused.len()), (0, 2));
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let twice = post.posted(batch.id, "2026-11-23").await;
    assert!(
        matches!(twice, Err(PostalError::NotWaiting { on: Some(_), .. })),
        "{twice:?}"
    );
    // Twice in one report, and once a letter that never left.
    let back = post
        .returned("reference,reason\nr0,moved\nr0,moved\nr1,not posted\n")
        .await;
    assert_eq!(
        (back.returned, back.not_posted, back.refused.len()),
        (1, 1, 1)
    );
    let counted = post.batch(batch.id).await;
    assert_eq!((counted.returned, counted.not_posted), (1, 1));
    assert_eq!(post.figures().await, [0, 0, 0, 0, 2, 0]);
    let acts = "select count(*) from audit_event where action in ('letters.export', 'letters.posted', 'letters.returned')";
    assert_eq!(post.house.number(acts).await, 3, "refusals are no acts");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_letters_that_both_come_back_leave_nothing_told() {
    for order in [["first", "second"], ["second", "first"]] {
        let post = Post::with("bo,,Bo,98102,1 Main St,en,US-WA,,name\n").await;
        let (first, a) = post.take(PostalKind::Letter, false).await.unwrap();
        post.posted(first.id, "2026-11-23").await.unwrap();
        post.delta("bo,,Bo,98102,1 Main St,en,US-WA,,name;ssn\n")
            .await;
        post.house.app.clock.advance(TimeDelta::hours(1));
        let (second, b) = post.take(PostalKind::Letter, false).await.unwrap();
        post.posted(second.id, "2026-11-23").await.unwrap();
        assert_eq!(post.figures().await, [1, 1, 0, 0, 0, 0]);
        for which in order {
            let rows = if which == "first" { &a } else { &b };
            let code = &rows["bo"]["letter_code"];
            let back = post
                .returned(&format!("letter_code,reason\n{code},gone\n"))
                .await;
            assert_eq!(back.returned, 1, "{which}");
            post.account().await;
        }
        let bo = post.person("bo").await;
        assert_eq!((bo.told, bo.named.is_empty()), (None, true), "{order:?}");
        assert_eq!(post.figures().await, [0, 0, 0, 0, 1, 0]);
    }
}

async fn who_was_told_is_shown_and_sealed(post: &Post) {
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff.get(&format!("/console/people/{}", post.person("dead").await.id));
    assert!(
        seen.body.contains("by telephone: the widow Quagga"),
        "{}",
        seen.body
    );
    assert!(
        !dumped(post).await.contains("Quagga"),
        "who was told is sealed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn next_of_kin_and_people_at_protected_addresses_have_lists_and_held_people_have_none() {
    let post = Post::with(
        "dead,dead@example.org,Dee,1,1 St,de,DE,deceased,name\n\
         safe,safe@example.org,Sam,2,2 St,en,US-WA,protected,name\n\
         both,,Bea,3,3 St,en,US-WA,protected;deceased,name\n\
         hold,,Hal,4,4 St,en,US-WA,hold;deceased,name\n",
    )
    .await;
    let (kin, rows) = post.take(PostalKind::Kin, false).await.unwrap();
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        ["dead"]
    );
    let dead = &rows["dead"];
    assert_eq!(dead["addressee"], "An die Angehörigen von Dee");
    assert_eq!((&*dead["status_link"], &*dead["letter_code"]), ("", ""));
    let (_, rows) = post.take(PostalKind::Safe, false).await.unwrap();
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        ["both", "safe"]
    );
    let letters = post.take(PostalKind::Letter, false).await;
    assert!(matches!(letters, Err(PostalError::Nobody)), "{letters:?}");

    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let on = day("2026-11-23");
    let posted = post.posted(kin.id, "2026-11-23").await;
    assert!(matches!(posted, Err(PostalError::IsTold(_))), "{posted:?}");
    let telling = Telling::new(How::Phone, " the widow Quagga ").unwrap();
    let done = post::Done::told(on, telling.clone());
    post::record(app, by, kin.id, &done).await.unwrap();
    assert_eq!(post.figures().await, [1, 0, 1, 0, 0, 3]);
    let shelter = Telling::new(How::Shelter, "the shelter Quagga").unwrap();
    told::told(app, by, of, " safe ", on, &shelter)
        .await
        .unwrap();
    assert_eq!(post.figures().await, [2, 0, 2, 0, 0, 2]);
    let held = told::told(app, by, of, "hold", on, &shelter).await;
    assert!(matches!(held, Err(PostalError::Held)), "{held:?}");
    let again = told::told(app, by, of, "safe", on, &shelter).await;
    assert!(matches!(again, Err(PostalError::NothingOwed)), "{again:?}");
    let nobody = told::told(app, by, of, "x", on, &shelter).await;
    assert!(matches!(nobody, Err(PostalError::Missing)), "{nobody:?}");
    assert!(matches!(
        Telling::new(How::Other, " "),
        Err(PostalError::Who)
    ));

    who_was_told_is_shown_and_sealed(&post).await;
}

/// Every row of every table as text.
async fn dumped(post: &Post) -> String {
    let raw = post.house.raw().await;
    let tables = "select relname::text from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'";
    let mut all = String::new();
    for table in raw.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let rows = raw
            .query(&format!("select t::text from \"{table}\" t"), &[])
            .await
            .unwrap();
        for row in rows {
            all.push_str(row.get(0));
            all.push('\n');
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_shows_no_letter_code_and_no_reason() {
    let post = Post::with(&without_mail(8)).await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    post.returned("reference,reason\nr3,Quagga moved away\n")
        .await;
    let dump = dumped(&post).await;
    assert!(
        dump.contains("sundmere") && dump.contains("returned"),
        "the dump is not empty"
    );
    assert!(!dump.contains("Quagga"));
    for row in rows.values() {
        let code = &row["letter_code"];
        assert!(
            !dump.contains(code.as_str()) && !dump.contains(&code.replace('-', "")),
            "{code}"
        );
        assert!(NoticeCode::parse(code).is_some());
    }
}

fn a_telling_names_who_was_told(staff: &Browser, page: &str) {
    let fields = [
        ("reference", "r0"),
        ("on", "2026-11-23"),
        ("how", "phone"),
        ("who", ""),
    ];
    let refused = staff.submit(page, &format!("{page}/told"), &fields);
    assert!(
        refused.status == 422 && refused.body.contains("Say who was told"),
        "{}",
        refused.body
    );
    let fields = [
        ("reference", "r0"),
        ("on", "2026-11-23"),
        ("how", "phone"),
        ("who", "himself"),
    ];
    let told = staff.submit(page, &format!("{page}/told"), &fields);
    assert_eq!(told.status, 303, "{}", told.body);
}

fn a_report_is_taken_in_part(staff: &Browser, page: &str) {
    let report = staff.upload(
        page,
        &format!("{page}/returned"),
        &[],
        "reference,reason\nr0,moved\nzz,moved\n",
    );
    assert_eq!(report.status, 422, "{}", report.body);
    assert!(
        report
            .body
            .contains("1 letter is recorded. 1 line was refused and changed nothing:"),
        "{}",
        report.body
    );
    assert!(
        report.body.contains("Line 3: there is no letter"),
        "{}",
        report.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_takes_a_list_records_it_and_names_refused_lines() {
    let post = Post::with(&without_mail(3)).await;
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let page = "/console/incidents/sundmere/letters";
    let seen = staff.get(page);
    assert!(seen.body.contains("No list was taken yet") && seen.body.contains("Take this list"));
    let taken = staff.submit(page, page, &[("kind", "letter")]);
    assert_eq!(taken.status, 303, "{}", taken.body);
    let seen = staff.follow(&taken).body;
    let at = seen.find("/console/letters/pst_").unwrap();
    let batch = &seen[at..at + "/console/letters/pst_".len() + 32];
    let list = staff.submit(page, &format!("{batch}/file"), &[]);
    assert_eq!(list.status, 200, "{}", list.body);
    assert!(list.header("content-type").starts_with("text/csv") && list.body.contains("r2,"));
    let again = staff.submit(page, page, &[("kind", "letter")]);
    assert!(
        again.status == 422 && again.body.contains("on one that waits (3)"),
        "{}",
        again.body
    );
    let seen = staff.get(page).body;
    assert!(seen.contains("These 3 letters were posted"), "{seen}");
    let posted = format!("{batch}/posted");
    for (on, why) in [("soon", "Enter a day"), ("2027-01-01", "has not come yet")] {
        let refused = staff.submit(page, &posted, &[("on", on)]);
        assert!(
            refused.status == 422 && refused.body.contains(why),
            "{}",
            refused.body
        );
    }
    let done = staff.submit(page, &posted, &[("on", "2026-11-23")]);
    assert!(staff.follow(&done).body.contains("Posted on 23 Nov 2026."));
    a_report_is_taken_in_part(&staff, page);
    a_telling_names_who_was_told(&staff, page);
    assert_eq!(post.figures().await, [3, 2, 1, 0, 0, 0]);
    let auditor = site.signed_in("aud", &[StaffRole::Auditor]).await;
    let seen = auditor.get(page).body;
    assert!(
        seen.contains("told one by one") && !seen.contains("Take this list"),
        "{seen}"
    );
}
