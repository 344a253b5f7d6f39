//! A former person that neither e-mail nor post reaches is named and can be
//! told.

use candor::campaign::CampaignKind;
use candor::postal::lacking::without_address;
use candor::postal::told::told;
use candor::postal::{How, PostalError, PostalKind, Telling, kept, list, restore};
use candor::scope::ScopeMode;
use candor::staff::StaffRole::Comms;
use chrono::TimeDelta;

use super::{Post, day};
use crate::client::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_former_person_without_any_address_is_named_by_id_and_told_otherwise() {
    let post = Post::with("R-00000,ann@example.org,Ann Lee,,,en,,,name;ssn\n").await;
    let (house, scene) = (&post.house, &post.scene);
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    // Their mailbox is gone, and then their reference names another person.
    let no_mail = "reference,email,elements\nR-00000,,name;ssn\n";
    scene.take(house, ScopeMode::Delta, no_mail).await;
    let other = "reference,email,name,elements\nR-00000,bob@example.org,Bob Ray,name\n";
    scene.give_reference_away(house, other).await;
    let former = "select count(*) from person_former";
    assert_eq!(house.number(former).await, 1);

    // They prevent closing, and the list of people without an address names them by the value that `told` accepts.
    let mut lacking = without_address(app, of, PostalKind::Correction)
        .await
        .unwrap();
    let named = lacking.next().await.unwrap().unwrap();
    assert_eq!(named.len(), 1);
    assert!(lacking.next().await.unwrap().is_none());
    assert_ne!(named[0], "R-00000", "that names another person");
    let telling = Telling {
        how: How::Phone,
        who: "the person".to_owned(),
    };
    let on = day("2026-11-23");
    let theirs = told(app, by, of, &named[0], on, &telling).await.unwrap();
    assert_eq!(theirs.people, 1);
    let mut lacking = without_address(app, of, PostalKind::Correction)
        .await
        .unwrap();
    assert!(lacking.next().await.unwrap().is_none(), "they were told");
    let again = told(app, by, of, &named[0], on, &telling).await;
    assert!(matches!(again, Err(PostalError::Retracted)), "{again:?}");
    let nobody = told(app, by, of, "person_00", on, &telling).await;
    assert!(matches!(nobody, Err(PostalError::Missing)), "{nobody:?}");
    let due = candor::postal::store::due(&mut app.db.get().await.unwrap(), of)
        .await
        .unwrap();
    let corrections = due
        .iter()
        .find(|due| due.kind == PostalKind::Correction)
        .unwrap();
    assert_eq!(
        corrections.people, 0,
        "nobody is owed a correction any more"
    );
}

/// The only row of a file.
fn only(rows: &super::Rows) -> &std::collections::BTreeMap<String, String> {
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.values().next().unwrap()
}

/// Ann had a postal letter, and then her reference names Bob. Returns the name by which commands accept her now.
async fn ann_and_bob() -> (Post, String) {
    let post = Post::with("L3,,Ann Lee,98101,1 St,en,US-WA,,name;ssn\n").await;
    let (house, scene) = (&post.house, &post.scene);
    let (first, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(only(&rows)["reference"], "L3");
    assert_eq!(only(&rows)["former_reference"], "");
    post.posted(first.id, "2026-11-23").await.unwrap();
    // Of two letters posted at the same time, none is the last one.
    post.house.app.clock.advance(TimeDelta::minutes(1));
    let ann = post.person("L3").await.id.to_string();
    let other = "reference,email,name,postcode,address,elements\nL3,,Bob Ray,98102,2 St,name\n";
    scene.give_reference_away(house, other).await;
    (post, ann)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_a_former_person_does_not_bear_the_reference_of_another_one() {
    let (post, ann) = ann_and_bob().await;
    let (letter, bobs) = post.take(PostalKind::Letter, false).await.unwrap();
    let bob = only(&bobs);
    assert_eq!((&*bob["reference"], &*bob["name"]), ("L3", "Bob Ray"));
    assert_eq!(bob["former_reference"], "");
    let (correction, anns) = post.take(PostalKind::Correction, false).await.unwrap();
    let row = only(&anns);
    assert_eq!((&row["reference"], &*row["name"]), (&ann, "Ann Lee"));
    assert_eq!(row["former_reference"], "L3");
    let site = Site::open(&post.house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let page = tokio::task::block_in_place(|| comms.get("/console/incidents/sundmere/letters"));
    let says = "1 person on this list was listed under a reference that now names another person.";
    assert_eq!(page.body.matches(says).count(), 1, "{}", page.body);
    let (_, about) = page
        .body
        .split_once(&format!("batch-{}", correction.id))
        .unwrap();
    assert!(
        about.split("</li>").next().unwrap().contains(says),
        "of the list of corrections"
    );

    // A letter returned under the id is hers, and a letter returned under the reference is his.
    for list in [letter.id, correction.id] {
        post.posted(list, "2026-11-23").await.unwrap();
    }
    let said = post
        .returned(&format!("reference,reason\n{ann},moved away\n"))
        .await;
    assert_eq!((said.returned, said.refused.len()), (1, 0), "{said:?}");
    assert_eq!(post.batch(correction.id).await.returned, 1);
    assert_eq!(post.stands("L3").await, "notified_by_post", "Bob has his");
    let stranger = "reference,reason\nper_00000000000000000000000000000000,moved away\n";
    let said = post.returned(stranger).await;
    assert_eq!(said.refused.len(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_a_former_person_is_restored_from_its_file() {
    let (post, ann) = ann_and_bob().await;
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let insist = candor::postal::take::Insist::default();
    let mut list = list::export(app, by, of, PostalKind::Correction, insist)
        .await
        .unwrap();
    let mut file = Vec::new();
    while let Some(piece) = list.next().await.unwrap() {
        file.extend(piece);
    }
    assert_eq!((list.batch.people, list.former), (1, 1));
    let id = list.batch.id.uuid();
    let lost = format!(
        "delete from postal_item where batch_id = '{id}'; delete from postal_batch where id = '{id}'"
    );
    post.house.sql(&lost).await;
    // Earlier files named her by the reference that she had.
    let before = String::from_utf8(file.clone())
        .unwrap()
        .replacen(&ann, "L3", 1);
    for file in [file.as_slice(), before.as_bytes()] {
        let kept = kept::read(file, &app.keys).unwrap();
        let done = restore::put_back(app, by, of, kept).await.unwrap();
        assert_eq!((done.batch.people, done.renamed), (1, 0));
        let uuid = ann.parse::<candor::id::PersonId>().unwrap().uuid();
        let hers = format!(
            "select count(*) from postal_item where batch_id = '{id}' and person_id = '{uuid}'"
        );
        assert_eq!(post.house.number(&hers).await, 1);
        post.house.sql(&lost).await;
    }
}
