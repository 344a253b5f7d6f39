//! The storm itself.

use super::*;

fn fates_of(people: usize) -> BTreeMap<Fate, usize> {
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    for person in 0..people {
        *fates.entry(Fate::of(seed(), person)).or_default() += 1;
    }
    fates
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_in_a_storm_no_person_is_lost_and_every_double_was_marked() {
    let size = Size::asked();
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(size.people, "name;ssn")).await;
    let server = Server::start(seed(), size.people).await;
    let begun = Instant::now();
    scene.launched(&house, CampaignKind::Initial).await;
    let mut senders = ["one.example", "two.example"]
        .map(|name| Sender::start(&house, name, &server, size.connections));
    strike(&size, &house, &server, &mut senders, &mut postgres).await;
    let fates = fates_of(size.people);
    let (unknown, never) = (fates[&Fate::Unknown], fates[&Fate::Never]);
    until_over(&size, &house, never).await;
    for sender in &mut senders {
        let ended = sender.running.take().unwrap().terminate().await;
        assert_eq!(ended.code(), Some(0), "{}", sender.name);
    }

    let in_state = async |status: &str| {
        let sql = format!("select count(*) from notice where status = '{status}'");
        usize::try_from(house.number(&sql).await).unwrap()
    };
    let sent = size.people - unknown - never;
    let states = (
        in_state("sent").await,
        in_state("bounced").await,
        in_state("expired").await,
    );
    assert_eq!(states, (sent, unknown, never), "each in one final state");
    books(&size, &house, &scene, sent).await;
    let (by_strikes, by_fate) = compare(&house, &server.letters()).await;
    let most = size.connections * (size.kills + 2 * size.crashes);
    assert!(
        by_strikes <= most,
        "{by_strikes} doubles, {most} connections were open"
    );
    let uncertain = "select count(*) from outcome where result = 'uncertain'";
    let died = "select count(*) from outcome where reason like 'sender or database lost%'";
    println!(
        "storm: {} people, {} kills, {} crashes of Postgres, {:?}, {} connections; sent {sent}, bounced {unknown}, \
         expired {never}; {} attempts, {} uncertain of which {} by strikes; doubles: {by_strikes} by strikes \
         (at most {most}), {by_fate} by lost answers; {fates:?}",
        size.people,
        size.kills,
        size.crashes,
        begun.elapsed(),
        server.connections(),
        house
            .number("select count(*) from outcome where settled")
            .await,
        house.number(uncertain).await,
        house.number(died).await,
    );
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
