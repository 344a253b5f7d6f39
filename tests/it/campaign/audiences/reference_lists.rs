//! Lists of references that an audience takes in or leaves out.

use candor::campaign::audience::Listed;
use candor::campaign::reference_list::{self, LONGEST, ListError};

use super::builder::{open, text};
use super::*;

const LISTS: &str = "/console/incidents/sundmere/audience/lists";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_references_is_kept_as_hashes_and_cannot_change() {
    let (house, scene, site) = open().await;
    let comms = site.signed_in("Cleo", &[Comms]).await;
    let hostile = "\u{feff}A-1\r\n a-1 \r\n\r\nA-2\n'); drop table person; --\n<b>A-3</b>\n";
    let fields = [
        ("query", "kind=initial&locales=en"),
        ("side", "without"),
        ("references", "A-4"),
    ];
    let added = comms.upload(LISTS, LISTS, &fields, hostile);
    let to = added.header("location").to_owned();
    assert!(to.contains("locales=en") && to.contains("without="), "{to}");
    let page = comms.follow(&added);
    let seen = text(&page.body);
    // A-1 reads Spanish: outside the filter all the same. are on the list.
    assert!(
        seen.contains(
            "10 in scope − 4 outside the filter − 1 withheld − 1 needs a letter = 4 will get it"
        ),
        "{seen}"
    );
    assert!(
        seen.contains("Of the list of 5 references, 2 name no person of this incident."),
        "{seen}"
    );
    let raw = house.raw().await;
    let kept = raw.query("select l::text || e::text from reference_list l join reference_list_entry e using (digest)", &[]);
    for row in kept.await.unwrap() {
        let kept: String = row.get(0);
        assert!(!kept.contains("A-") && !kept.contains("drop"), "{kept}");
    }
    let told =
        "select count(*) from audit_event where action = 'audience.list' and detail::text !~ 'A-'";
    assert_eq!(house.number(told).await, 1);

    // The same references, otherwise written, are the same list.
    let same = "a-4\nA-2\nA-1\n'); DROP table person; --\n<B>A-3</b>";
    let again = reference_list::add(&house.app, scene.comms, scene.incident, same)
        .await
        .unwrap();
    assert_eq!((again.listed.references, again.known), (5, 3));
    assert_eq!(house.number("select count(*) from reference_list").await, 1);
    the_content_names_it_and_its_people_are_left_out(&house, &scene, again.listed).await;
}

async fn the_content_names_it_and_its_people_are_left_out(
    house: &House,
    scene: &Scene,
    listed: Listed,
) {
    let some = json!({ "not_listed": listed });
    let campaign = draft(house, scene, CampaignKind::Initial, LIST, some).await;
    let mut said = BTreeSet::new();
    said.insert("es".to_owned());
    let hash = launch::submit_with(&house.app, scene.comms, campaign, &said)
        .await
        .unwrap();
    let raw = house.raw().await;
    let content = raw.query_one(
        "select content from campaign where content is not null",
        &[],
    );
    let content: String = content.await.unwrap().get(0);
    assert!(
        content.contains(&listed.list.to_string()) && !content.contains("A-1"),
        "{content}"
    );
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.send_all().await;
    let mut got: Vec<_> = house
        .mail
        .take_sent()
        .iter()
        .map(|one| one.recipient.local().to_owned())
        .collect();
    got.sort();
    assert_eq!(got, ["p0", "p3", "p5", "p6", "p7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_campaigns_of_nowhere_are_refused() {
    let (house, scene, site) = open().await;
    let add =
        async |text: &str| reference_list::add(&house.app, scene.comms, scene.incident, text).await;
    assert!(matches!(add(" \r\n").await, Err(ListError::Empty)));
    assert!(matches!(
        add(&"x".repeat(5_000)).await,
        Err(ListError::NotAReference { line: 1 })
    ));
    let large: String = (0..LONGEST / 8).map(|n| format!("{n:07}\n")).collect();
    let added = add(&large).await.unwrap();
    assert_eq!(
        (added.listed.references as usize, added.known),
        (LONGEST / 8, 0)
    );
    assert!(matches!(
        add(&format!("{large}x")).await,
        Err(ListError::TooLong)
    ));
    let program = site.program(&[Comms]).await;
    let template = scene.template(&house, "T", LIST).await;
    let create = |audience: Value| {
        let body = json!({ "incident": "sundmere", "template": template, "kind": "initial", "audience": audience });
        program.post("/campaigns", &body)
    };
    let listed = json!(added.listed);
    let mut other = listed.clone();
    other["references"] = json!(3);
    for wrong in [
        json!({ "only_listed": other }),
        json!({ "only_listed": { "list": "07".repeat(32), "references": 1 } }),
        json!({ "earlier": { "campaign": "cmp_00000000000070008000000000000001", "statuses": ["bounced"] } }),
    ] {
        let seen = create(wrong.clone());
        assert_eq!(seen.status, 422, "{wrong} {}", seen.body);
    }
    for unread in [
        json!({ "wave": { "from": 5, "to": 5 } }),
        json!({ "only_listed": { "list": "x", "references": 1 } }),
        json!({ "references": ["A-1"] }),
    ] {
        assert_eq!(create(unread.clone()).status, 400, "{unread}");
    }
    assert_eq!(create(json!({ "only_listed": listed })).status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_new_list_keeps_the_conditions_and_what_is_typed() {
    let (_house, _scene, site) = open().await;
    let comms = site.signed_in("Cleo", &[Comms]).await;
    let fields = [("query", ""), ("side", "only"), ("references", "")];
    let conditions = "kind=initial&locales=en";
    let hidden = comms.hidden(&format!("{LISTS}?{conditions}"), LISTS);
    assert!(
        hidden.contains(&("query".to_owned(), conditions.to_owned())),
        "{hidden:?}"
    );
    let long = "x".repeat(5_000);
    let too_long = [
        ("query", conditions),
        ("side", "only"),
        ("references", long.as_str()),
    ];
    let kept = comms.upload(LISTS, LISTS, &too_long, "");
    assert!(kept.status == 422 && kept.body.contains(&long));
    let refused = comms.upload(LISTS, LISTS, &fields, "");
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .body
            .contains("The list is empty: enter one reference a line")
    );
}
