//! Two ways to count an audience agree for each person and each filter.

use super::*;

/// People of every kind: some told, some told wrongly. Two queries for the same audience are compared on them.
pub(super) async fn mixed(house: &House, scene: &Scene) {
    let places = ["US-CA", "US-WA", "DE", ""];
    let locales = ["en", "en-US", "es", "zh-Hant"];
    let flags = ["", "minor", "hold", "minor;vulnerable"];
    let sets = ["name", "name;ssn", "phone", "name;phone;ssn"];
    let csv = |shift: usize, people: &dyn Fn(&usize) -> bool| {
        let mut csv = HEADER.to_owned();
        for n in (0..240).filter(people) {
            let email = if n % 11 == 0 {
                String::new()
            } else {
                format!("p{n}@example.org")
            };
            let (place, locale) = (places[n % 4], locales[n / 4 % 4]);
            let (flags, set) = (flags[n / 16 % 4], sets[(n / 3 + shift * (n % 5)) % 4]);
            writeln!(csv, "r{n},{email},Zz,{locale},{place},{set},{flags}").unwrap();
        }
        csv
    };
    scene.import(house, &csv(0, &|n| n % 7 != 0)).await;
    let some = json!({ "jurisdictions": ["us-ca", "de"] });
    let campaign = draft(house, scene, CampaignKind::Initial, LIST, some).await;
    let english = ["es", "zh"].map(str::to_owned).into();
    let hash = launch::submit_with(&house.app, scene.comms, campaign, &english)
        .await
        .unwrap();
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    scene.import(house, &csv(1, &|n| n % 9 != 0)).await;
}

/// Every choice of people.
const ALL: [Who; 7] = [
    Who::Everyone,
    Who::ToldNothing,
    Who::OwedMore,
    Who::OverTold,
    Who::RetractedAfterNotice,
    Who::WronglyTold,
    Who::Told,
];

fn narrowed() -> [AudienceFilter; 3] {
    [
        AudienceFilter::default(),
        AudienceFilter {
            jurisdictions: vec![Jurisdiction::parse("us").unwrap()],
            elements: ElementSet::of(&[Element::Ssn, Element::Phone]),
            ..AudienceFilter::default()
        },
        AudienceFilter {
            locales: vec![
                Locale::parse("en").unwrap(),
                Locale::parse("zh_hant").unwrap(),
            ],
            flags: Flags::MINOR,
            ..AudienceFilter::default()
        },
    ]
}

/// All people of the incident.
async fn everybody(house: &House, scene: &Scene) -> Vec<person::Person> {
    let mut conn = house.app.db.get().await.unwrap();
    let incident = candor::incident::store::find(&mut conn, scene.incident)
        .await
        .unwrap();
    let key = incident.key(&house.app.keys).unwrap().unwrap();
    let mut everybody = Vec::new();
    for bucket in 0..BUCKETS {
        let ids = house
            .raw()
            .await
            .query("select id from person where bucket = $1", &[&bucket])
            .await
            .unwrap();
        let ids: Vec<PersonId> = ids
            .iter()
            .map(|row| PersonId::from_uuid(row.get(0)))
            .collect();
        let place = (scene.incident, bucket);
        everybody.extend(
            person::store::load_many(&mut conn, &key, place, &ids)
                .await
                .unwrap(),
        );
    }
    everybody
}

#[tokio::test(flavor = "multi_thread")]
async fn page_count_and_classes_agree_with_the_rule_for_every_audience() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    mixed(&house, &scene).await;
    let mut conn = house.app.db.get().await.unwrap();
    let nobody = PersonId::from_uuid(uuid::Uuid::nil());
    let everybody = everybody(&house, &scene).await;
    let narrowed = narrowed();
    for (who, narrow) in ALL
        .iter()
        .flat_map(|who| narrowed.iter().map(move |n| (*who, n)))
    {
        let filter = AudienceFilter {
            who,
            ..narrow.clone()
        };
        let meant: BTreeMap<PersonId, &person::Person> = everybody
            .iter()
            .filter(|one| filter.covers(one))
            .map(|one| (one.id, one))
            .collect();
        let mut found = Vec::new();
        for bucket in 0..BUCKETS {
            let page = person::store::page_after(
                &mut conn,
                scene.incident,
                (bucket, nobody),
                &filter,
                1_000,
            );
            found.extend(page.await.unwrap());
        }
        let ids: BTreeSet<PersonId> = found.iter().map(|one| one.id).collect();
        assert_eq!(ids, meant.keys().copied().collect(), "{filter:?}");
        assert!(
            found
                .iter()
                .all(|one| one.exposed == meant[&one.id].exposed_now())
        );
        assert!(
            narrow != &narrowed[0] || !ids.is_empty(),
            "{who:?} is tried"
        );
        let count = person::store::count_audience(&mut conn, scene.incident, &filter)
            .await
            .unwrap();
        assert_eq!(count.people(), meant.len() as i64, "{filter:?}");
        let classes = person::store::audience_classes(&mut conn, scene.incident, &filter);
        let people: i64 = classes
            .await
            .unwrap()
            .iter()
            .map(|class| class.people)
            .sum();
        assert_eq!(people, count.mailable, "{filter:?}");
        let any = person::store::has_audience(&mut conn, scene.incident, &filter).await;
        assert_eq!(any.unwrap(), count.mailable > 0, "{filter:?}");
    }
}
