//! Waves: parts of an audience in an order that all campaigns of an incident share.

use candor::person::narrowing::Wave;

use super::random::frozen;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn waves_are_disjoint_and_complete_and_the_same_after_the_next_list() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(400, "name")).await;
    let wave = async |from, to| {
        let filter = AudienceFilter {
            who: Who::ToldNothing,
            wave: Wave::new(from, to).ok(),
            ..AudienceFilter::default()
        };
        let rows = frozen(&house, scene.incident, &filter).await;
        rows.iter().map(|one| one.id).collect::<BTreeSet<_>>()
    };
    let (first, second, rest) = (
        wave(0, 100).await,
        wave(100, 300).await,
        wave(300, 1_000).await,
    );
    assert!((15..=75).contains(&first.len()), "{}", first.len());
    assert!((45..=120).contains(&second.len()), "{}", second.len());
    let together: BTreeSet<_> = first.iter().chain(&second).chain(&rest).collect();
    assert_eq!(
        together.len(),
        first.len() + second.len() + rest.len(),
        "disjoint"
    );
    assert_eq!(together.len(), 400, "complete");
    // A later list changes no person's place, and a campaign under way takes only its own people.
    scene.import(&house, &list(410, "name;phone")).await;
    assert!(first.is_subset(&wave(0, 100).await));
    let some = json!({ "wave": { "to": 100 } });
    let campaign = draft(&house, &scene, CampaignKind::Initial, LIST, some).await;
    scene.launch(&house, campaign).await;
    let expected = wave(0, 100).await.len();
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), expected);
}
