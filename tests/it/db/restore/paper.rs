//! Postal letters that a copy does not know: their list is restored from its file, and no person is told twice.

use std::fs;

use candor::account::account;
use candor::account::recount;
use candor::postal::post::{self, Done};
use candor::postal::take::Insist;
use candor::postal::{PostalError, PostalKind, list};
use candor::scope::ScopeMode;

use super::{Copy, dump, look};
use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::program::Program;

const URL: &str = "[http]\npublic_url = \"https://notice.example\"\n";
const HEAD: &str = "reference,email,name,postcode,address,locale,jurisdiction,flags,elements\n";
const PEOPLE: &str = "L0,,Ann Lee,98101,1 St,en,US-WA,,name;ssn\n\
    =L1,,Bo Ray,98102,2 St,es,US-WA,,name;dob;email;ssn\n\
    L2,,Cy Day,98103,3 St,zh,US-WA,minor,name;phone;password_plain\n";
const LATER: &str = "L9,,Di Fox,98109,9 St,en,US-WA,,name\n";
/// The state of a list's letters, in one number.
const ITEMS: &str = "select sum(hashtext(concat(bucket, batch_id, named, code_key, to_guardian, status)))::bigint \
    from postal_item";

async fn taken(house: &House, scene: &Scene) -> Result<(String, String), PostalError> {
    let (by, of) = (scene.comms, scene.incident);
    let mut list = list::export(&house.app, by, of, PostalKind::Letter, Insist::default()).await?;
    let mut file = Vec::new();
    while let Some(piece) = list.next().await? {
        file.extend(piece);
    }
    Ok((list.batch.id.to_string(), String::from_utf8(file).unwrap()))
}

fn said(program: &Program, list: &str) -> (bool, String) {
    let words = [
        "letters",
        "restore",
        "--incident",
        "sundmere",
        "--list",
        list,
    ];
    let output = program.run(&words);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// The column of the row with a reference that contains `reference`.
fn cell(file: &str, reference: &str, column: &str) -> String {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let head = reader.headers().unwrap().clone();
    let at = head.iter().position(|name| name == column).unwrap();
    let mut records = reader.records().map(Result::unwrap);
    let line = records.find(|line| line[0].ends_with(reference)).unwrap();
    line[at].to_owned()
}

async fn all_are_told_by_post(house: &House, scene: &Scene) {
    let mut conn = house.app.db.get().await.unwrap();
    let told = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!((told.notified_by_post, told.needs_letter), (4, 0));
    let differ = recount::books(&house.app, scene.incident).await.unwrap();
    assert_eq!(differ, []);
}

async fn post_the_letters(house: &House, scene: &Scene, list: &str) {
    let on = "2026-11-23".parse().unwrap();
    let posted = post::record(
        &house.app,
        scene.comms,
        list.parse().unwrap(),
        &Done::posted(on),
    )
    .await;
    assert_eq!(posted.unwrap().people, 4);
}

/// The list waits again with all its people.
fn put_back(program: &Program, path: &str, file: &str, id: &str) {
    fs::write(path, file).unwrap();
    let (done, words) = said(program, path);
    assert!(done, "{words}");
    assert!(
        words.contains(&format!("list {id} waits again: 4 people are on it")),
        "{words}"
    );
    assert!(
        words.contains("1 person is known here under another id"),
        "{words}"
    );
}

/// A file with people who are not known here, then one with another letter's code.
async fn wrong_files_are_refused(
    copy: &House,
    scene: &Scene,
    program: &Program,
    path: &str,
    file: &str,
    code: &str,
    later: &str,
) {
    fs::write(path, file).unwrap();
    let (done, words) = said(program, path);
    assert!(
        !done && words.contains("put the lists of affected people back first"),
        "{words}"
    );
    assert_eq!(copy.number("select count(*) from postal_batch").await, 0);
    scene
        .take(copy, ScopeMode::Delta, &format!("{HEAD}{LATER}"))
        .await;
    fs::write(path, file.replace(code, later)).unwrap();
    let (done, words) = said(program, path);
    assert!(
        !done && words.contains("was not made with the key"),
        "{words}"
    );
    assert_eq!(copy.number("select count(*) from postal_item").await, 0);
}

fn decide(program: &Program) {
    let decided = program.ok(&["db", "restored", "--nobody-knows"]);
    assert!(decided.contains("3 people need a letter"), "{decided}");
    assert!(decided.contains("are not known here"), "{decided}");
    assert!(decided.contains("letters restore --incident"), "{decided}");
}

fn page_knows_no_letter(site: &Site, link: &str) {
    let page = site
        .browser()
        .get(link.strip_prefix("https://notice.example").unwrap())
        .body;
    assert!(
        page.contains("We have no record of a message to you"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_posted_after_the_copy_is_restored_from_its_file_and_no_person_is_told_twice() {
    let house = House::with(URL).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &format!("{HEAD}{PEOPLE}")).await;
    let early = dump(&house);
    scene
        .take(&house, ScopeMode::Delta, &format!("{HEAD}{LATER}"))
        .await;
    let (id, file) = taken(&house, &scene).await.unwrap();
    let original = house.number(ITEMS).await;

    let held = Copy::load(&house, &early, URL).await;
    let copy = held.house();
    assert!(look(copy).await.is_some());
    let refused = taken(copy, &scene).await.err().unwrap();
    assert!(matches!(refused, PostalError::InDoubt(_)), "{refused}");
    let site = Site::open(&copy.app).await;
    let check = |code: &str| {
        site.browser()
            .submit("/verify", "/verify", &[("code", code)])
            .body
    };
    let code = cell(&file, "L0", "letter_code");
    let later = cell(&file, "L9", "letter_code");
    let says_what_is_so = || {
        let seen = check(&code);
        assert!(seen.contains("We cannot tell about this code"), "{seen}");
        assert!(!seen.contains("the message may be a fake"), "{seen}");
    };
    says_what_is_so();
    let link = cell(&file, "L0", "status_link");
    page_knows_no_letter(&site, &link);

    let program = Program::of(copy);
    decide(&program);
    says_what_is_so();

    let scratch = Scratch::new();
    let path = scratch.path().join("letters.csv").display().to_string();
    wrong_files_are_refused(copy, &scene, &program, &path, &file, &code, &later).await;

    put_back(&program, &path, &file, &id);
    assert_eq!(copy.number(ITEMS).await, original, "each letter as it was");
    for code in [&code, &later] {
        assert!(check(code).contains("Yes, it is genuine"));
    }
    let next = taken(copy, &scene).await.err().unwrap();
    assert!(
        matches!(next, PostalError::Waiting { waiting: 4 }),
        "{next}"
    );
    let (done, words) = said(&program, &path);
    assert!(!done && words.contains("is known here"), "{words}");

    post_the_letters(copy, &scene, &id).await;
    assert!(check(&code).contains("in a letter that we posted on"));
    all_are_told_by_post(copy, &scene).await;
}
