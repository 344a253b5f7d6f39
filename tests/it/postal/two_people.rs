//! A reference that now names another person: letters to both people come back.

use candor::postal::PostalKind;
use candor::postal::returned::returned;
use candor::postal::slips::{self, Refused};

use super::Post;

const FILE: &str = "reference,reason\nL3,moved away\n";

/// Both people under one reference have had a letter: the lists of the former one's correction and of the other's.
async fn both() -> (Post, String, String) {
    let post = Post::with("L3,,Ann Lee,98101,1 St,en,US-WA,,name;ssn\n").await;
    let (first, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(first.id, "2026-11-23").await.unwrap();
    let other = "reference,email,name,postcode,address,elements\nL3,,Bob Ray,98102,2 St,name\n";
    let scene = &post.scene;
    scene.give_reference_away(&post.house, other).await;
    // Only the former person has had a letter so far.
    let mut codes = Vec::new();
    for kind in [PostalKind::Correction, PostalKind::Letter] {
        let (batch, rows) = post.take(kind, false).await.unwrap();
        post.posted(batch.id, "2026-11-23").await.unwrap();
        let [row] = rows.values().collect::<Vec<_>>()[..] else {
            panic!("one letter: {rows:?}")
        };
        codes.push(row["letter_code"].clone());
    }
    let letter = codes.pop().unwrap();
    (post, codes.pop().unwrap(), letter)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_of_two_people_says_so_and_each_code_is_recorded_for_its_own() {
    let (post, correction, letter) = both().await;
    let before = post.figures().await;
    let said = post.returned(FILE).await;
    assert_eq!(said.refused, [(2, Refused::TwoPeople)]);
    assert_eq!((said.returned, post.figures().await), (0, before));

    let of = |code: &str| format!("letter_code,reason\n{code},moved away\n");
    assert_eq!(post.returned(&of(&correction)).await.returned, 1);
    assert_eq!(
        post.figures().await,
        before,
        "the other one has their letter"
    );
    assert_eq!(post.stands("L3").await, "notified_by_post");
    assert_eq!(post.returned(&of(&letter)).await.returned, 1);
    assert_eq!(post.stands("L3").await, "needs_letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_with_a_code_of_another_person_than_its_reference_is_refused() {
    let people = "L1,,Ann Lee,98101,1 St,en,US-WA,,name\nL2,,Bob Ray,98102,2 St,en,US-WA,,name\n";
    let post = Post::with(people).await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    let line = |reference: &str, code_of: &str| {
        let code = &rows[code_of]["letter_code"];
        format!("reference,letter_code,reason\n{reference},{code},refused\n")
    };
    for reference in ["L1", "unheard", "per_00000000000000000000000000000001"] {
        let said = post.returned(&line(reference, "L2")).await;
        assert_eq!(said.refused, [(2, Refused::AnotherPerson)], "{reference}");
    }
    assert_eq!(post.returned(&line("L2", "L2")).await.returned, 1);
    let said = post.returned(&line("L1", "L2")).await;
    assert_eq!(said.refused, [(2, Refused::AnotherPerson)]);
    assert_eq!(post.stands("L1").await, "notified_by_post");
    assert_eq!(post.stands("L2").await, "needs_letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_list_a_reference_of_two_people_means_one_of_them() {
    let (post, _, letter) = both().await;
    let of_letter = "select count(*) from postal_batch b join postal_item i on i.batch_id = b.id where b.kind = 'letter' \
        and i.status = 'returned'";
    let (app, scene) = (&post.house.app, &post.scene);
    let code = candor::link::NoticeCode::parse(&letter).unwrap();
    let mut conn = app.db.get().await.unwrap();
    let keys = [code.key(&app.keys)];
    let found = candor::postal::store::of_code(&mut conn, code.bucket(), &keys);
    let list = found.await.unwrap()[0].batch.id;
    drop(conn);
    let slips = slips::read(FILE.as_bytes()).unwrap();
    let said = returned(app, scene.comms, scene.incident, Some(list), slips)
        .await
        .unwrap();
    assert_eq!((said.returned, said.refused.len()), (1, 0));
    assert_eq!(post.house.number(of_letter).await, 1);
}
