//! The walk of a postal letter: bounced, listed, posted, opened with its code, returned, listed again.

use std::collections::BTreeMap;

use candor::campaign::CampaignKind;
use candor::id::PostalId;
use candor::mail::Reply;
use candor::postal::{PostalKind, PostalState, store};
use candor::staff::StaffRole;
use chrono::TimeDelta;
use serde_json::json;

use super::{Post, day};
use crate::client::{Browser, Site};

const PEOPLE: &str = "ana,ana@example.org,Ana,98101,,en,US-WA,,name;ssn\n\
    bo,,Bo,98102,\"1 Main St\nFlat 2\nSpringfield\",es,US-WA,,name;ssn\n\
    cy,cy@example.org,Cy,98103,3 Main St,en,US-WA,,name;ssn\n";

/// All people get the first notice; the mailbox of Cy refuses it.
async fn after_the_campaign() -> Post {
    let post = Post::with(PEOPLE).await;
    post.house.mail.answer_by(|letter| {
        let gone = letter.recipient.as_str() == "cy@example.org";
        gone.then(|| Reply::heard(550, "5.1.1 no such user", None))
    });
    post.scene
        .launched(&post.house, CampaignKind::Initial)
        .await;
    post.house.send_all().await;
    assert_eq!(post.figures().await, [1, 0, 0, 0, 2, 0]);
    post
}

/// One letter came back; the person's page and the next list say so.
async fn comes_back(
    post: &Post,
    site: &Site,
    staff: &Browser,
    bo: &BTreeMap<String, String>,
    page: &str,
    of_bo: &str,
) {
    let program = site.program(&[StaffRole::Comms]).await;
    let back = json!({"letters": [{"reference": "bo", "reason": "moved away"}, {"reference": "ana", "reason": "x"}]});
    let answer = program
        .post("/incidents/sundmere/letters/returned", &back)
        .json();
    assert_eq!(
        (&answer["returned"], &answer["refused"][0]["letter"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(post.figures().await, [2, 1, 0, 0, 1, 0]);
    let seen = staff.get(of_bo);
    assert!(seen.body.contains("came back: moved away"), "{}", seen.body);
    let typed = [("letter", bo["letter_code"].as_str())];
    let closed = site.browser();
    let seen = closed.get(page);
    assert!(
        seen.body.contains("We cannot send you a code by e-mail")
            && !seen.body.contains("name=\"letter\"")
    );
    let refused = closed.submit(page, &format!("{page}/open"), &typed);
    assert_eq!(refused.status, 422);
    let (second, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), ["bo"]);
    assert_eq!(rows["bo"]["last_returned"], "2026-11-25: moved away");
    assert_ne!(rows["bo"]["letter_code"], bo["letter_code"]);
    let listed = program.get("/incidents/sundmere/letters").json();
    assert_eq!(listed["items"][0]["id"], json!(second.id.to_string()));
    assert_eq!(
        (
            &listed["items"][1]["returned"],
            &listed["items"][1]["people"]
        ),
        (&json!(1), &json!(2))
    );
}

async fn the_row_is_whole(post: &Post, batch: PostalId, bo: &BTreeMap<String, String>, page: &str) {
    for (column, cell) in [
        ("name", "Bo"),
        ("addressee", "Bo"),
        ("postcode", "98102"),
        ("country", "US"),
        ("address_line_1", "1 Main St"),
        ("address_line_2", "Flat 2"),
        ("address_line_3", "Springfield"),
        ("address_line_4", ""),
        ("locale", "es"),
        ("last_returned", ""),
        ("batch", &batch.to_string()),
    ] {
        assert_eq!(bo[column], cell, "{column}");
    }
    assert!(
        bo["elements"].contains("Seguro Social"),
        "{}",
        bo["elements"]
    );
    assert_eq!(bo["elements"], bo["not_yet_named"]);
    assert_eq!(bo["status_link"], format!("https://notice.example{page}"));
    assert_eq!(
        bo["letter_code"],
        post.code(batch, post.person("bo").await.id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_listed_posted_opened_returned_and_listed_again() {
    let post = after_the_campaign().await;
    let site = Site::open(&post.house.app).await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        ["bo", "cy"]
    );
    let bo = &rows["bo"];
    let page = post.page("bo").await;
    the_row_is_whole(&post, batch.id, bo, &page).await;
    // Taking a list tells no person anything.
    assert_eq!(post.figures().await, [1, 0, 0, 0, 2, 0]);

    post.house.app.clock.advance(TimeDelta::days(2));
    let posted = post.posted(batch.id, "2026-11-24").await.unwrap();
    assert_eq!((posted.state, posted.people), (PostalState::Posted, 2));
    assert_eq!(post.figures().await, [3, 2, 0, 0, 0, 0]);
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let account = staff.get("/console/incidents/sundmere/account");
    assert!(account.body.contains("Notified by post"));
    let of_bo = format!("/console/people/{}", post.person("bo").await.id);
    let seen = staff.get(&of_bo);
    assert!(seen.body.contains("posted on 24 Nov 2026"), "{}", seen.body);
    let mut conn = post.house.app.db.get().await.unwrap();
    let last = store::last_posted(&mut conn, post.person("bo").await.id)
        .await
        .unwrap();
    assert_eq!(last, Some(day("2026-11-24")));
    drop(conn);

    let told = site.browser().get(&page).body;
    assert!(told.contains("We wrote to you by post on"), "{told}");
    opens_with_the_code(&site, &page, &bo["letter_code"], &rows["cy"]["letter_code"]);
    let browser = site.browser();
    let typed = [("code", bo["letter_code"].as_str())];
    let genuine = browser.submit("/verify", "/verify", &typed);
    for words in [
        "is in a letter that we posted on",
        "Tuesday 24 November 2026",
    ] {
        assert!(genuine.body.contains(words), "{}", genuine.body);
    }

    comes_back(&post, &site, &staff, bo, &page, &of_bo).await;
}

/// The page by its link and the code of its letter; another letter's code opens nothing.
fn opens_with_the_code(site: &Site, page: &str, code: &str, another: &str) {
    let browser = site.browser();
    let seen = browser.get(page);
    assert!(
        seen.body.contains("the code that is printed in our letter"),
        "{}",
        seen.body
    );
    assert!(
        !seen.body.contains("e-mail address we have"),
        "{}",
        seen.body
    );
    assert!(!seen.body.contains("Bo</"));
    let open = format!("{page}/open");
    let wrong = browser.submit(page, &open, &[("letter", another)]);
    assert!(wrong.status == 422 && wrong.body.contains("not the code of our last letter"));
    let sloppy = code.to_lowercase().replace('-', " ");
    let opened = browser.submit(page, &open, &[("letter", &sloppy)]);
    assert_eq!((opened.status, opened.header("location")), (303, page));
    let seen = browser.follow(&opened);
    assert!(
        seen.body.contains("Bo") && seen.body.contains("Seguro Social"),
        "{}",
        seen.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_wrong_codes_use_up_the_day_and_a_right_one_forgives_them() {
    let post = Post::with("bo,,Bo,98102,1 Main St,en,US-WA,,name\n").await;
    let site = Site::open(&post.house.app).await;
    let (_, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    let (page, code) = (post.page("bo").await, rows["bo"]["letter_code"].clone());
    let open = |code: &str| {
        let browser = site.browser();
        browser
            .submit(&page, &format!("{page}/open"), &[("letter", code)])
            .status
    };
    // A well-formed code that belongs to no person.
    let wrong = "0000-0000-00";
    for _ in 0..19 {
        assert_eq!(open(wrong), 422);
    }
    assert_eq!(
        open(&code),
        303,
        "the list waits, but the letter may be out"
    );
    for _ in 0..20 {
        assert_eq!(open(wrong), 422);
    }
    assert_eq!(open(&code), 422);
    post.house.app.clock.advance(TimeDelta::days(1));
    assert_eq!(open(&code), 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_letter_closes_the_code_of_the_one_before() {
    let post = Post::with("bo,,Bo,98102,1 Main St,en,US-WA,,name\n").await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, "2026-11-23").await.unwrap();
    post.delta("bo,,Bo,98102,1 Main St,en,US-WA,,name;ssn\n")
        .await;
    assert_eq!(
        post.stands("bo").await,
        "needs_letter",
        "told of one, owed the other"
    );
    post.house.app.clock.advance(TimeDelta::hours(1));
    let (second, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert!(
        !rows["bo"]["not_yet_named"].contains("name"),
        "{:?}",
        rows["bo"]
    );
    let person = post.person("bo").await.id;
    let opens = async |batch| {
        let code = post.code(batch, person);
        candor::postal::code::check(&post.house.app, person, &code)
            .await
            .unwrap()
    };
    assert!(opens(first.id).await && opens(second.id).await);
    post.posted(second.id, "2026-11-23").await.unwrap();
    assert!(!opens(first.id).await && opens(second.id).await);
    assert_eq!(post.stands("bo").await, "notified_by_post");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_must_be_told_more_and_cannot_be_mailed_are_on_the_letter_list() {
    let post = Post::with(
        "lost,lost@example.org,Lost,1,1 St,en,US-WA,,name\n\
         gone,gone@example.org,Gone,2,2 St,en,US-WA,,name\n\
         told,told@example.org,Told,3,3 St,en,US-WA,,name\n",
    )
    .await;
    post.scene
        .launched(&post.house, CampaignKind::Initial)
        .await;
    post.house.send_all().await;
    assert_eq!(post.figures().await, [3, 0, 0, 0, 0, 0]);
    post.delta(
        "lost,,Lost,1,1 St,en,US-WA,,name;ssn\n\
         gone,gone@example.org,Gone,2,2 St,en,US-WA,,name;ssn\n\
         told,told@example.org,Told,3,3 St,en,US-WA,,name;ssn\n",
    )
    .await;
    assert_eq!(post.stands("lost").await, "needs_letter");
    post.house.mail.answer_by(|letter| {
        let gone = letter.recipient.as_str() == "gone@example.org";
        gone.then(|| Reply::heard(550, "5.1.1 no such user", None))
    });
    post.scene
        .launched(&post.house, CampaignKind::Supplement)
        .await;
    post.house.send_all().await;
    assert_eq!(post.figures().await, [1, 0, 0, 0, 2, 0]);
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(
        rows.keys().map(String::as_str).collect::<Vec<_>>(),
        ["gone", "lost"]
    );
    for row in rows.values() {
        assert_eq!(row["not_yet_named"], "Social Security number");
    }
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(post.figures().await, [3, 2, 0, 0, 0, 0]);
    // No page says that a letter comes for a person who is on no list.
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let campaigns = staff.get("/console/campaigns").body;
    let at = campaigns.find("/console/campaigns/cmp_").unwrap();
    let seen = staff.get(&campaigns[at..at + "/console/campaigns/cmp_".len() + 32]);
    assert!(
        !seen.body.contains("refused: need a letter"),
        "{}",
        seen.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_after_the_letter_stays_told_when_the_letter_comes_back() {
    let post = Post::with("bo,,Bo,98102,1 Main St,en,US-WA,,name\n").await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    post.delta("bo,bo@example.org,Bo,98102,1 Main St,en,US-WA,,name;ssn\n")
        .await;
    post.scene
        .launched(&post.house, CampaignKind::Supplement)
        .await;
    post.house.send_all().await;
    assert_eq!(post.figures().await, [1, 0, 0, 0, 0, 0]);
    let code = &rows["bo"]["letter_code"];
    let back = post
        .returned(&format!("letter_code,reason\n{code},unknown\n"))
        .await;
    assert_eq!((back.returned, back.refused.len()), (1, 0));
    assert_eq!(post.figures().await, [1, 0, 0, 0, 0, 0]);
    assert_eq!(post.batch(batch.id).await.returned, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_that_come_after_the_list_was_taken_must_still_be_told() {
    let post = Post::with("bo,,Bo,98102,1 Main St,en,US-WA,,name\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.delta("bo,,Bo,98102,1 Main St,en,US-WA,,name;ssn\n")
        .await;
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(post.stands("bo").await, "needs_letter");
    let (_, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(rows["bo"]["not_yet_named"], "Social Security number");
}
