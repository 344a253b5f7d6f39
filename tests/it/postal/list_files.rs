//! Lists of letters: the file that a command writes, the people who need an address, and what the page and calls say.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use candor::audit::noticed;
use candor::postal::lacking::without_address;
use candor::postal::take::Insist;
use candor::postal::{PostalError, PostalKind, list};
use candor::staff::StaffRole::{Agent, Approver, Comms};

use super::{Post, people, without_mail};
use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::program::Program;

const PAGE: &str = "/console/incidents/sundmere/letters";

/// The number of people that the audit log records as read.
async fn rows_read(house: &House) -> i64 {
    noticed::write(&house.app).await.unwrap();
    let sql = "select coalesce(sum((detail::jsonb->>'rows')::bigint), 0) from audit_event where action = 'people.read'";
    house.number(sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_list_leaves_the_file_and_a_written_one_replaces_it_for_its_owner_only() {
    let post = Post::with(&without_mail(2)).await;
    let program =
        Program::of(&post.house).with("CANDOR__HTTP__PUBLIC_URL", "https://notice.example");
    let scratch = Scratch::new();
    let file = scratch.path().join("letters.csv");
    fs::write(&file, "the only copy").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let out = file.display().to_string();
    let take = |out: &str, more: &[&str]| {
        let words = ["letters", "--incident", "sundmere", "--out", out];
        let output = program.run(&[&words[..], more].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (done, said) = take(&out, &["--kind", "kin"]);
    assert!(
        !done && said.contains("nobody belongs on this list"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "the only copy");
    let (done, said) = take("/no/such/folder/letters.csv", &[]);
    assert!(
        !done && said.contains("/no/such/folder/letters.csv"),
        "{said}"
    );
    let taken = "select count(*) from postal_batch";
    assert_eq!(
        post.house.number(taken).await,
        0,
        "no person is on a list yet"
    );

    let (done, said) = take(&out, &[]);
    assert!(done, "{said}");
    assert!(fs::read_to_string(&file).unwrap().contains("r1,"));
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);

    let (done, said) = take("/dev/full", &["--again"]);
    let newest =
        "select replace(id::text, '-', '') from postal_batch order by taken_at desc limit 1";
    let row = post.house.raw().await.query_one(newest, &[]).await.unwrap();
    let batch: String = row.get(0);
    assert_eq!(post.house.number(taken).await, 2);
    assert!(
        !done && said.contains(&format!("discard --batch pst_{batch}")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_without_an_address_are_read_bucket_by_bucket_while_pages_keep_their_connections() {
    let rows: String = (0..200)
        .map(|n| format!("r{n:03},,Person {n},98101,,en,US-WA,,name\n"))
        .collect();
    let mut post = Post::with(&rows).await;
    let settings = "[http]\npublic_url = \"https://notice.example\"\n[database]\npool = 1\n";
    post.house.with_settings(settings);
    let app = &post.house.app;
    let held = app.db.get().await.unwrap();
    let found = without_address(app, post.scene.incident, PostalKind::Letter).await;
    let mut lacking = found.unwrap();
    let mut all = Vec::new();
    let mut pieces = 0;
    while let Some(some) = lacking.next().await.unwrap() {
        assert!(some.len() < 50, "a piece is no more than a bucket");
        pieces += 1;
        all.extend(some);
    }
    drop(held);
    assert!(pieces > 10, "{pieces}");
    all.sort();
    let expected: Vec<_> = (0..200).map(|n| format!("r{n:03}")).collect();
    assert_eq!(all, expected);

    let site = Site::open(app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    let program = site.program(&[Comms]).await;
    let page = staff.get(&format!("{PAGE}/without-address"));
    let answer = program.get("/incidents/sundmere/letters/without-address");
    for body in [page.body, answer.body] {
        assert_eq!(body.lines().next(), Some("reference,address,postcode"));
        assert_eq!(body.lines().count(), 201);
    }
    assert_eq!(rows_read(&post.house).await, 400, "it is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_letters_reads_people_only_for_roles_with_the_form_and_within_a_limit() {
    let post = Post::with(&without_mail(3)).await;
    post.take(PostalKind::Letter, false).await.unwrap();
    post.delta("r1,,Person 1,98101,1 Main St,en,US-WA,hold,name;ssn\n")
        .await;
    let site = Site::open(&post.house.app).await;
    let reader = site.signed_in("ana", &[Approver]).await;
    let clerk = site.signed_in("bo", &[Comms]).await;
    let holder = post.house.raw().await;
    let lock = "begin; lock table person in access exclusive mode";
    holder.batch_execute(lock).await.unwrap();
    let seen = reader.get(PAGE);
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert!(!seen.body.contains("is not known yet"));
    let seen = clerk.get(PAGE);
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert!(seen.body.contains("is not known yet"), "{}", seen.body);
    holder.batch_execute("rollback").await.unwrap();

    assert_eq!(rows_read(&post.house).await, 0);
    assert_eq!(reader.get(PAGE).status, 200);
    assert_eq!(
        rows_read(&post.house).await,
        0,
        "no form, and no person is named"
    );
    let seen = clerk.get(PAGE).body;
    assert!(!seen.contains("is not known yet") && seen.contains(">r1</a>"));
    assert_eq!(rows_read(&post.house).await, 1, "it is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_with_links_to_this_machine_are_taken_for_a_rehearsal_only() {
    let house = House::with("[http]\npublic_url = \"http://127.0.0.1:8080\"").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &people(&without_mail(2))).await;
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let taken = list::export(app, by, of, PostalKind::Letter, Insist::default()).await;
    let why = taken.err();
    assert!(
        matches!(why, Some(PostalError::LinksLeadHome { .. })),
        "{why:?}"
    );
    let taken = list::export(app, by, of, PostalKind::Kin, Insist::default()).await;
    let why = taken.err();
    assert!(
        matches!(why, Some(PostalError::Nobody)),
        "it has no links: {why:?}"
    );
    let site = Site::open(app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    let refused = staff.submit(PAGE, PAGE, &[("kind", "letter")]);
    assert_eq!(refused.status, 422);
    for words in ["http.public_url", "for a rehearsal"] {
        assert!(refused.body.contains(words), "{}", refused.body);
    }
    let taken = staff.submit(PAGE, PAGE, &[("kind", "letter"), ("anyway", "yes")]);
    assert_eq!(taken.status, 303, "{}", taken.body);
    let batch = taken.header("location").rsplit_once("#batch-").unwrap().1;
    let list = staff.submit(PAGE, &format!("/console/letters/{batch}/file"), &[]);
    assert!(
        list.body.contains("http://127.0.0.1:8080/s/"),
        "{}",
        list.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_finds_its_person_by_the_code_of_a_letter_until_the_letter_comes_back() {
    let post = Post::with(&without_mail(2)).await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let code = rows["r1"]["letter_code"].clone();
    let site = Site::open(&post.house.app).await;
    let agent = site.signed_in("ana", &[Agent]).await;
    let page = "/console/helpline/call";
    let log = || {
        let fields = [
            ("reference", code.as_str()),
            ("verification", "notice_code"),
            ("text", "She asks about her bank."),
            ("then", "open"),
        ];
        agent.submit(page, page, &fields)
    };
    let logged = log();
    assert_eq!(logged.status, 303, "{}", logged.body);
    let person = post.person("r1").await.id.uuid();
    let of = format!("select count(*) from ticket where person_id = '{person}'");
    assert_eq!(post.house.number(&of).await, 1);
    post.returned("reference,reason\nr1,moved away\n").await;
    let refused = log();
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Nobody is found by this"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_need_a_letter_of_correction_are_not_said_to_need_a_campaign() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name;ssn\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let now = people("a,,A,1,1 St,en,US-WA,,name\n");
    post.scene.import(&post.house, &now).await;
    let account = post.account().await;
    let figures = (account.told_too_much, account.correction_letters);
    assert_eq!(figures, (1, 1));
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    for at in ["/console", "/console/incidents/sundmere"] {
        let seen = staff.get(at).body;
        assert!(
            seen.contains("take the list of letters of correction"),
            "{seen}"
        );
        assert!(!seen.contains("draft a correction"), "{seen}");
    }
}
