//! The file of a waiting list: it is written only while all of its people may be told by it.

use std::time::{Duration, Instant};

use candor::actor::{Actor, System};
use candor::deployment::Why;
use candor::deployment::watch::suspect;
use candor::postal::consent::{Confirmed, Question, Reason};
use candor::postal::list::{self, Letters};
use candor::postal::{MinorsRule, PostalError, PostalKind, PostalState, minors, moved};
use candor::scope::ScopeMode;
use candor::staff::StaffRole::Comms;
use candor::{db, incident};

use super::{Post, REHEARSAL, people, without_mail};
use crate::client::Site;
use crate::program::Program;

const PAGE: &str = "/console/incidents/sundmere/letters";
const TODAY: &str = "2026-11-23";
const WRITTEN: &str = "select count(*) from audit_event where action = 'letters.file'";

/// A row of the list of affected people.
fn row(n: usize, address: &str, flags: &str) -> String {
    format!("r{n},,Person {n},9810{n},{address},en,US-WA,{flags},name;ssn\n")
}

fn same(n: usize, flags: &str) -> String {
    row(n, &format!("{n} Main St"), flags)
}

/// Why the file of a list is not written.
fn reasons<T>(refused: Result<T, PostalError>) -> Vec<(Reason, i64)> {
    match refused {
        Err(PostalError::Outdated { questions }) => questions
            .iter()
            .map(|one: &Question| (one.what, one.number))
            .collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it is written"),
    }
}

/// The rest of a file.
async fn rest(mut list: Letters) -> Result<String, PostalError> {
    let mut file = Vec::new();
    while let Some(piece) = list.next().await? {
        file.extend(piece);
    }
    Ok(String::from_utf8(file).unwrap())
}

impl Post {
    async fn file(&self, of: candor::id::PostalId) -> Result<String, PostalError> {
        let begun = list::file(&self.house.app, self.scene.comms, of).await?;
        rest(begun).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_refused_once_a_later_list_protects_one_of_its_people_and_moves_another() {
    let post = Post::with(&without_mail(4)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    let to = format!("/console/letters/{}/file", batch.id);
    let file = staff.submit(PAGE, &to, &[]);
    assert_eq!((file.status, file.body.lines().count()), (200, 5));
    assert_eq!(post.house.number(WRITTEN).await, 1);

    post.delta(
        &[
            row(0, "1 Shelter Road", "protected"),
            row(1, "99 New Road", ""),
        ]
        .concat(),
    )
    .await;
    let refused = staff.submit(PAGE, &to, &[]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    for words in [
        "1 person on this list is at a protected address by now",
        // The protected person moved, too.
        "2 people on this list are not at the postal address any more to which their letter goes",
        "Discard the list and take a new one",
    ] {
        assert!(refused.body.contains(words), "{}", refused.body);
    }
    for seen in [&refused.body, &staff.get(PAGE).body] {
        assert!(!seen.contains("Shelter Road") && !seen.contains("99 New Road"));
        assert!(
            seen.contains("The file is not written any more")
                && !seen.contains("Download the file"),
            "{seen}"
        );
    }
    let barred = [(Reason::ProtectedAddress, 1), (Reason::AddressChanged, 2)];
    assert_eq!(reasons(post.file(batch.id).await), barred);
    assert_eq!(post.house.number(WRITTEN).await, 1, "no address left");

    // What the refusal advises.
    let discard = format!("/console/letters/{}/discard", batch.id);
    assert_eq!(staff.submit(PAGE, &discard, &[]).status, 303);
    let (next, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    let listed: Vec<_> = rows.keys().map(String::as_str).collect();
    assert_eq!(listed, ["r1", "r2", "r3"]);
    assert_eq!(rows["r1"]["address"], "99 New Road");
    let file = post.file(next.id).await.unwrap();
    assert!(
        file.contains("99 New Road") && !file.contains("Shelter"),
        "{file}"
    );
    let posted = post.posted(next.id, TODAY).await.unwrap();
    assert_eq!(posted.state, PostalState::Posted, "nothing is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_the_address_of_the_list_or_is_not_written() {
    let post = Post::with(&without_mail(2)).await;
    let (batch, taken) = post.take(PostalKind::Letter, false).await.unwrap();
    post.delta(&row(0, "99 New Road", "")).await;
    assert_eq!(
        reasons(post.file(batch.id).await),
        [(Reason::AddressChanged, 1)]
    );
    // Back again, and a name that is written otherwise: the letter goes to the address on the list.
    post.delta(&same(0, "")).await;
    let file = post.file(batch.id).await.unwrap();
    assert!(
        file.contains("0 Main St") && !file.contains("New Road"),
        "{file}"
    );
    assert_eq!(taken["r0"]["address"], "0 Main St");
    post.posted(batch.id, TODAY).await.unwrap();

    // A list that was restored from its file does not know the addresses of its letters.
    let post = Post::with(&without_mail(2)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.house
        .sql("update postal_item set address_key = null")
        .await;
    assert_eq!(post.file(batch.id).await.unwrap().lines().count(), 3);
    post.delta(&row(1, "99 New Road", "")).await;
    assert_eq!(
        reasons(post.file(batch.id).await),
        [(Reason::AddressChanged, 1)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_written_breaks_off_when_a_list_protects_one_of_its_people() {
    let post = Post::with(&without_mail(8)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let mut begun = list::file(app, by, batch.id).await.unwrap();
    assert!(begun.next().await.unwrap().is_some());
    // No person on the list is concerned: it is written.
    post.delta("new,,New,98109,9 Main St,en,US-WA,,name\n")
        .await;
    assert!(begun.next().await.unwrap().is_some());
    post.delta(&same(3, "protected")).await;
    assert_eq!(reasons(begun.next().await), [(Reason::ProtectedAddress, 1)]);

    // As the command line does: the list is taken, and its file is not begun.
    let taken = list::export(app, by, of, PostalKind::Letter, REHEARSAL).await;
    let taken = taken.unwrap();
    post.delta("new,,New,98109,9 Main St,en,US-WA,hold,name\n")
        .await;
    assert_eq!(reasons(rest(taken).await), [(Reason::LegalHold, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_written_while_a_list_comes_in_force_or_the_database_may_be_a_copy() {
    let post = Post::with(&without_mail(2)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    let draft = people(&same(0, "protected"));
    post.scene.read(&post.house, ScopeMode::Delta, &draft).await;
    post.house
        .sql(
            "update scope_version set status = 'activating', activating_by = created_by
             where status = 'draft'",
        )
        .await;
    let refused = post.file(batch.id).await;
    assert!(
        matches!(refused, Err(PostalError::BeingActivated)),
        "{refused:?}"
    );
    post.house
        .sql("update scope_version set status = 'draft', activating_by = null where status = 'activating'")
        .await;
    post.file(batch.id).await.unwrap();
    let who = Actor::System(System::Cli);
    suspect(&post.house.app, who, &[Why::Declared])
        .await
        .unwrap();
    let refused = post.file(batch.id).await;
    assert!(
        matches!(refused, Err(PostalError::InDoubt(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_became_a_minor_or_is_none_any_more_is_asked_about_and_in_no_file() {
    let post = Post::with(&[same(0, "minor"), same(1, "")].concat()).await;
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    minors::choose(app, by, of, MinorsRule::GuardianText)
        .await
        .unwrap();
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(
        rows["r0"]["addressee"],
        "To the parent or guardian of Person 0"
    );
    post.delta(&[same(0, ""), same(1, "minor")].concat()).await;
    let both = [(Reason::FlagLifted, 1), (Reason::Minor, 1)];
    assert_eq!(reasons(post.file(batch.id).await), both);
    let asked = post.posted(batch.id, TODAY).await;
    let Err(PostalError::Unconfirmed { questions }) = asked else {
        panic!("{asked:?}");
    };
    let asked: Vec<_> = questions.iter().map(|one| (one.what, one.number)).collect();
    assert_eq!(asked, both);
    let yes = Confirmed(both.into());
    post.posted_with(batch.id, TODAY, yes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_comparison_of_addresses_is_not_reported_as_an_outage() {
    let post = Post::with(&without_mail(2)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.delta(&row(0, "99 New Road", "")).await;
    let mut conn = post.house.app.db.get().await.unwrap();
    let of = incident::store::find(&mut conn, post.scene.incident)
        .await
        .unwrap();
    let key = of.key(&post.house.app.keys).unwrap().unwrap();
    let until = Instant::now().checked_sub(Duration::from_secs(1));
    let late = moved::barred(&mut conn, &key, &batch, 0, until).await;
    assert!(matches!(late, Err(db::Error::Late(_))), "{late:?}");
    assert!(late.unwrap_err().is_passing());
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_and_restored_lists_are_described_in_words() {
    let post = Post::with(&without_mail(1)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.file(batch.id).await.unwrap();
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    let seen = staff.get("/console/incidents/sundmere").body;
    assert!(
        seen.contains("downloaded a list of people to be told: letters, ")
            && seen.contains("took a list of people to be told: letters, "),
        "{seen}"
    );
    assert!(!seen.contains("letters file"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_can_be_downloaded_when_the_command_could_not_write_its_file() {
    let post = Post::with(&without_mail(2)).await;
    let program =
        Program::of(&post.house).with("CANDOR__HTTP__PUBLIC_URL", "https://notice.example");
    let words = ["letters", "--incident", "sundmere", "--out", "/dev/full"];
    let output = program.run(&words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success()
            && said.contains("download its file on the console's page of letters")
            && said.contains("candor letters discard --batch"),
        "{said}"
    );
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[Comms]).await;
    let seen = staff.get(PAGE).body;
    let (_, batch) = seen.split_once("id=\"batch-").unwrap();
    let (batch, _) = batch.split_once('"').unwrap();
    let to = format!("/console/letters/{batch}/file");
    let file = staff.submit(PAGE, &to, &[]);
    assert_eq!((file.status, file.body.lines().count()), (200, 3));
}
