//! Recall of a text that went to a tenth of an incident's people: the set equals an independent query, the pages of these
//! people show the correction within two seconds, those of others do not.

use std::collections::BTreeSet;
use std::time::Instant;

use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::db::Conn;
use candor::id::{CampaignId, PersonId, RecallId, TemplateId};
use candor::link::StatusLink;
use candor::recall::draft::draft;
use candor::recall::readers::{count, page};
use candor::recall::steer::{self, Seen};
use candor::recall::{Named, Recall, store};
use uuid::Uuid;

use super::is_full;
use crate::house::House;
use crate::people::{Scene, list};
use crate::recall::{RIGHT, right, until};

/// People of the incident.
fn people() -> usize {
    if is_full() { 1_000_000 } else { 5_000 }
}

/// Adds the notices of a campaign to the people that fulfil `which`, as they are after the sending. One of 50 is
/// uncertain, with its attempt; one of 50 bounced.
async fn fill(house: &House, campaign: CampaignId, which: &str) {
    let campaign = campaign.uuid();
    house
        .sql(&format!(
            "insert into notice (bucket, id, campaign_id, incident_id, person_id, batch_no, status, named, code_key,
                attempts, created_at, settled_at)
            select p.bucket, overlay(gen_random_uuid()::text placing right(p.id::text, 2) from 35)::uuid, '{campaign}',
                p.incident_id, p.id, 0, (case abs(hashtext(p.id::text)) % 50 when 0 then 'uncertain' when 1 then 'bounced'
                else 'sent' end)::notice_status, 1, 0, 1, now(), '2026-11-23T09:00:00Z'
            from person p where {which};
            insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, at)
            select bucket, id, 1, true, campaign_id, 'uncertain', 'a', settled_at
            from notice where campaign_id = '{campaign}' and status = 'uncertain';
            delete from campaign_freeze where campaign_id = '{campaign}'"
        ))
        .await;
}

async fn template_of(house: &House, campaign: CampaignId) -> TemplateId {
    let of = "select template_id from campaign where id = $1";
    let row = house.raw().await.query_one(of, &[&campaign.uuid()]).await;
    TemplateId::from_uuid(row.unwrap().get(0))
}

/// The people of a recall, read page by page, and whether each was certainly sent the text.
async fn readers(conn: &mut Conn, recall: &Recall) -> BTreeSet<(Uuid, bool)> {
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let next = page(conn, recall, after, 10_000).await.unwrap();
        let Some(last) = next.last() else { break };
        after = Some(last.person);
        found.extend(next.iter().map(|one| (one.person.uuid(), one.certain)));
    }
    found
}

/// The same by a query of the test.
async fn expected(house: &House, tenth: &str) -> BTreeSet<(Uuid, bool)> {
    let independent = format!(
        "select p.id, abs(hashtext(p.id::text)) % 50 <> 0 as certain from person p
        where {tenth} and abs(hashtext(p.id::text)) % 50 <> 1"
    );
    let rows = house.raw().await.query(&independent, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Drafts the correcting campaign. Its list has the people who were certainly sent the text.
async fn drafts_to(
    house: &House,
    scene: &Scene,
    (id, template): (RecallId, TemplateId),
    expected: &BTreeSet<(Uuid, bool)>,
) {
    let begun = Instant::now();
    let drafted = draft(&house.app, scene.comms, id, (template, None)).await;
    println!("drafted in {:?}", begun.elapsed());
    drafted.unwrap();
    let listed = "select p.id from reference_list_entry l join person p
        on p.incident_id = l.incident_id and p.bucket = l.bucket and p.reference_key = l.reference_key";
    let rows = house.raw().await.query(listed, &[]).await.unwrap();
    let listed: BTreeSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let certain = expected.iter().filter(|(_, certain)| *certain);
    let certain: BTreeSet<Uuid> = certain.map(|(person, _)| *person).collect();
    assert_eq!(listed, certain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_went_to_a_tenth_is_recalled_from_exactly_these_people() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(people(), "name")).await;
    let draft = async || {
        let kind = CampaignKind::Initial;
        let campaign = scene.draft(&house, kind, UncertainPolicy::Leave).await;
        scene.launch(&house, campaign).await;
        campaign
    };
    let (wrong, other) = (draft().await, draft().await);
    let tenth = "abs(hashtext(p.id::text || 'x')) % 10 = 0";
    fill(&house, wrong, tenth).await;
    fill(&house, other, &format!("not {tenth}")).await;
    house.sql("vacuum analyze notice").await;

    let template = template_of(&house, wrong).await;
    let named = Named {
        template: Some((template, 1)),
        words: None,
    };
    let app = &house.app;
    let id = steer::propose(app, scene.comms, scene.incident, (named, right())).await;
    let id = id.unwrap();
    let mut conn = app.db.patient().get().await.unwrap();
    let recall = store::find(&mut conn, id).await.unwrap();

    let begun = Instant::now();
    let counted = count(&mut conn, &recall).await.unwrap();
    println!(
        "counted {counted:?} of {} in {:?}",
        people(),
        begun.elapsed()
    );
    let begun = Instant::now();
    let found = readers(&mut conn, &recall).await;
    println!("read all of them in {:?}", begun.elapsed());
    let expected = expected(&house, tenth).await;
    assert!(expected.len() > people() / 20);
    assert_eq!(found, expected);
    let total = usize::try_from(counted.sent + counted.perhaps).unwrap();
    assert_eq!(total, expected.len());

    steer::publish(app, scene.approver, Seen::at(id, Some(1)))
        .await
        .unwrap();
    drafts_to(&house, &scene, (id, template), &expected).await;
    let browser = site.browser();
    let path = |person: Uuid| {
        let person = PersonId::from_uuid(person);
        format!("/s/{}", StatusLink { person, epoch: 0 }.token(&app.keys))
    };
    let sample = expected.iter().step_by(expected.len() / 20);
    for (n, (person, _)) in sample.enumerate() {
        let took = until(&browser, &path(*person), RIGHT, true).await;
        if n == 0 {
            println!("the first page showed it {took:?} after the publication");
        }
    }
    let others = format!("select p.id from person p where not {tenth} limit 20");
    for row in house.raw().await.query(&others, &[]).await.unwrap() {
        assert!(!browser.page(&path(row.get(0))).contains(RIGHT));
    }
}
