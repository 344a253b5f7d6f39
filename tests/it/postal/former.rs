//! A person whose reference was given to another one, and whom neither e-mail nor post reaches, is named and can be told.

use candor::campaign::CampaignKind;
use candor::postal::lacking::without_address;
use candor::postal::told::told;
use candor::postal::{How, PostalError, PostalKind, Telling};
use candor::scope::ScopeMode;

use super::{Post, day};

#[tokio::test(flavor = "multi_thread")]
async fn a_former_person_without_any_address_is_named_by_id_and_told_otherwise() {
    let post = Post::with("R-00000,ann@example.org,Ann Lee,,,en,,,name;ssn\n").await;
    let (house, scene) = (&post.house, &post.scene);
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    // Their mailbox is gone, and then their reference names somebody else.
    let no_mail = "reference,email,elements\nR-00000,,name;ssn\n";
    scene.take(house, ScopeMode::Delta, no_mail).await;
    let other = "reference,email,name,elements\nR-00000,bob@example.org,Bob Ray,name\n";
    let version = scene.read(house, ScopeMode::Delta, other).await;
    let another = candor::scope::consent::Confirmed {
        another_person: Some(1),
        told_too_much: Some(1),
        ..Default::default()
    };
    let consent = candor::scope::consent::Consent::Numbers(another);
    candor::scope::activate::activate(app, by, of, version, consent)
        .await
        .unwrap();
    let former = "select count(*) from person_former";
    assert_eq!(house.number(former).await, 1);

    // They stand against closing, and the list of those without an address names them by what `told` takes.
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
