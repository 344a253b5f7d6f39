//! People who came under a flag, or left the scope, after their letter was listed: recording the list needs a consent
//! with their number.

use candor::id::PostalId;
use candor::postal::consent::{Confirmed, Question, Reason, yes_to};
use candor::postal::post::Done;
use candor::postal::{How, PostalError, PostalKind, PostalState, Telling, post};
use candor::staff::StaffRole;
use serde_json::json;

use super::{Post, day, without_mail};
use crate::client::{ApiClient, Browser, Site};
use crate::program::Program;

const TODAY: &str = "2026-11-23";

fn asked<T: std::fmt::Debug>(refused: Result<T, PostalError>) -> Vec<(Reason, i64)> {
    match refused {
        Err(PostalError::Unconfirmed { questions }) => questions
            .iter()
            .map(|one: &Question| (one.what, one.number))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// A changed row of a person without an e-mail address.
fn changed(n: usize, flags: &str) -> String {
    format!("r{n},,Person {n},9810{n},{n} Main St,en,US-WA,{flags},name;ssn\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_to_people_held_protected_dead_or_retracted_since_are_confirmed_with_their_number()
{
    let post = Post::with(&without_mail(6)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.delta(
        &[
            changed(0, "hold"),
            changed(1, "hold;deceased"),
            changed(2, "protected"),
        ]
        .concat(),
    )
    .await;
    post.delta(&[changed(3, "deceased"), changed(4, "retract")].concat())
        .await;
    let all = [
        (Reason::Deceased, 1),
        (Reason::LegalHold, 2),
        (Reason::ProtectedAddress, 1),
        (Reason::Retracted, 1),
    ];
    assert_eq!(asked(post.posted(batch.id, TODAY).await), all);
    let mut wrong = Confirmed(all.into());
    wrong.0.insert(Reason::LegalHold, 1);
    let refused = post.posted_with(batch.id, TODAY, wrong).await;
    assert_eq!(asked(refused), [(Reason::LegalHold, 2)]);
    assert_eq!(post.batch(batch.id).await.state, PostalState::Listed);
    assert_eq!(
        post.figures().await,
        [0, 0, 0, 0, 1, 4],
        "nothing has changed so far"
    );
    // A person is put on hold after the consent was given: the consent no longer applies.
    post.delta(&changed(5, "hold")).await;
    let refused = post
        .posted_with(batch.id, TODAY, Confirmed(all.into()))
        .await;
    assert_eq!(asked(refused), [(Reason::LegalHold, 3)]);
    let yes = Confirmed(
        [all.as_slice(), &[(Reason::LegalHold, 3)]]
            .concat()
            .into_iter()
            .collect(),
    );
    let posted = post.posted_with(batch.id, TODAY, yes).await.unwrap();
    assert_eq!(posted.state, PostalState::Posted);
    assert_eq!(post.figures().await, [5, 5, 0, 0, 0, 0]);
    let detail = "select count(*) from audit_event where action = 'letters.posted'
        and detail::jsonb -> 'confirmed' ->> 'legal_hold' = '3'";
    assert_eq!(post.house.number(detail).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn next_of_kin_of_a_person_who_lives_or_is_held_are_confirmed_too() {
    let post = Post::with(
        &[
            changed(0, "deceased"),
            changed(1, "deceased"),
            changed(2, "deceased"),
        ]
        .concat(),
    )
    .await;
    let (batch, _) = post.take(PostalKind::Kin, false).await.unwrap();
    let telling = Telling::new(How::Phone, "next of kin").unwrap();
    let mut done = Done::told(day(TODAY), telling);
    let record =
        async |done: &Done| post::record(&post.house.app, post.scene.comms, batch.id, done).await;
    post.delta(&[changed(0, ""), changed(1, "deceased;protected")].concat())
        .await;
    let refused = record(&done).await;
    assert_eq!(
        asked(refused),
        [(Reason::FlagLifted, 1), (Reason::ProtectedAddress, 1)]
    );
    let questions = [(Reason::FlagLifted, 1), (Reason::ProtectedAddress, 1)]
        .map(|(what, number)| Question { what, number });
    done.confirmed = yes_to(&questions);
    record(&done).await.unwrap();
    assert_eq!(post.figures().await, [3, 0, 3, 0, 0, 0]);
}

fn the_command_line_asks(post: &Post, list: PostalId) {
    // The clock of the house stands still, that of a command does not: today is another day.
    let program = Program::of(&post.house);
    let (batch, today) = (
        list.to_string(),
        candor::clock::Clock::system()
            .now()
            .date_naive()
            .to_string(),
    );
    let said = [
        "letters",
        "posted",
        "--batch",
        &batch,
        "--on",
        &today,
        "--as",
        "ana@staff.example",
    ];
    let refused = program.run(&said);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && why.contains("--yes legal_hold=2 records it"),
        "{why}"
    );
    let said = [&said[..], &["--yes", "legal_hold=2"]].concat();
    assert!(program.ok(&said).contains("3 people"));
}

fn the_program_asks(api: &ApiClient, list: PostalId) {
    let at = format!("/letters/{list}/posted");
    let refused = api.post(&at, &json!({ "on": TODAY }));
    assert_eq!(refused.status, 409, "{}", refused.body);
    let confirm = json!({ "legal_hold": 2 });
    assert_eq!(refused.json()["confirm"], confirm);
    assert_eq!(
        refused.json()["questions"],
        json!([{ "what": "legal_hold", "number": 2 }])
    );
    let done = api.post(&at, &json!({ "on": TODAY, "confirm": confirm }));
    assert_eq!(done.status, 200, "{}", done.body);
}

fn the_page_asks(staff: &Browser, page: &str, list: PostalId) {
    let words =
        "2 people on this list are under a legal hold by now, and count as told all the same.";
    let seen = staff.get(page).body;
    assert_eq!(seen.matches(words).count(), 3, "{seen}");
    assert!(
        seen.contains(">r0</a>") && seen.contains(">r1</a>"),
        "it names them: {seen}"
    );
    let posted = format!("/console/letters/{list}/posted");
    for confirm in ["", "legal_hold:1"] {
        let refused = staff.submit(page, &posted, &[("on", TODAY), ("confirm", confirm)]);
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.contains("The list is not recorded yet"),
            "{}",
            refused.body
        );
        assert!(
            refused.body.contains("value=\"legal_hold:2\""),
            "{}",
            refused.body
        );
    }
    let done = staff.submit(page, &posted, &[("on", TODAY), ("confirm", "legal_hold:2")]);
    assert!(
        staff
            .follow(&done)
            .body
            .contains("the letters of this list were posted")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn page_program_and_command_line_ask_for_the_same_numbers() {
    let post = Post::with(&without_mail(3)).await;
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let api = site.program(&[StaffRole::Comms]).await;
    let page = "/console/incidents/sundmere/letters";
    let mut lists = Vec::new();
    for n in 0..3 {
        let (batch, rows) = post.take(PostalKind::Letter, n > 0).await.unwrap();
        assert_eq!(rows.len(), 3);
        lists.push(batch.id);
    }
    assert!(
        !staff
            .get(page)
            .body
            .contains("Confirm before it is recorded")
    );
    post.delta(&[changed(0, "hold"), changed(1, "hold")].concat())
        .await;

    the_page_asks(&staff, page, lists[0]);

    the_program_asks(&api, lists[1]);

    the_command_line_asks(&post, lists[2]);
    let mut states = Vec::new();
    for list in lists {
        states.push(post.batch(list).await.state);
    }
    assert_eq!(states, [PostalState::Posted; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_says_that_nothing_was_taken_is_posted_without_a_question() {
    let post = Post::with(&without_mail(2)).await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, TODAY).await.unwrap();
    post.delta(&changed(0, "retract")).await;
    let (correction, rows) = post.take(PostalKind::Correction, false).await.unwrap();
    assert_eq!(rows.len(), 1);
    post.delta(&changed(1, "vulnerable")).await;
    let posted = post.posted(correction.id, TODAY).await.unwrap();
    assert_eq!(posted.state, PostalState::Posted);
}
