//! The notices of a campaign, page by page and filtered by state.

use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::id::{CampaignId, NoticeId};
use candor::mail::Reply;
use candor::notice::{NoticeStatus, store};

use crate::house::House;
use crate::people::{Scene, list};

/// All notices in a state, read in pages of three.
async fn paged(house: &House, of: CampaignId, status: Option<NoticeStatus>) -> Vec<NoticeId> {
    let mut conn = house.app.db.get().await.unwrap();
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let page = store::list(&mut conn, of, status, after, 3).await.unwrap();
        let Some(last) = page.last() else { return all };
        assert!(page.len() <= 3 && page.iter().all(|n| status.is_none_or(|s| n.status == s)));
        after = Some(last.person);
        all.extend(page.iter().map(|notice| notice.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_listed_whole_and_in_the_order_of_the_people() {
    let house = House::with("[mail]\nbatch = 2").await;
    let scene = Scene::new(&house).await;
    let mut people = list(90, "name;ssn");
    people.push_str("R-A,a@example.org,On Hold,en,US-WA,name\n");
    let people = people
        .replace("elements\n", "elements,flags\n")
        .replace(",name;ssn\n", ",name;ssn,\n");
    scene
        .import(&house, &people.replace(",name\n", ",name,hold\n"))
        .await;
    house
        .mail
        .answer_by(|letter| match letter.recipient.as_str() {
            "person3@example.org" => Some(Reply::Unknown {
                why: "lost".to_owned(),
            }),
            to if to.contains("7@") => Some(Reply::heard(550, "5.1.1 no such user", None)),
            to if to.contains("5@") => Some(Reply::heard(451, "4.3.0 try later", None)),
            _ => None,
        });
    let leave = UncertainPolicy::Leave;
    let campaign = scene.draft(&house, CampaignKind::Initial, leave).await;
    scene.launch(&house, campaign).await;
    house.send_all().await;

    let expected = async |of: Option<&str>| -> Vec<NoticeId> {
        let sql = "select id from notice where status::text = coalesce($1, status::text)
            order by bucket, person_id";
        let rows = house.raw().await.query(sql, &[&of]).await.unwrap();
        rows.iter()
            .map(|row| NoticeId::from_uuid(row.get(0)))
            .collect()
    };
    // Batches that were settled by a version without this column have no known contents.
    for kept in ["ends", "-1"] {
        house.sql(&format!("update batch set ends = {kept}")).await;
        let mut met = Vec::new();
        for status in NoticeStatus::ALL {
            let all = expected(Some(status.as_str())).await;
            assert_eq!(
                paged(&house, campaign, Some(*status)).await,
                all,
                "{status}"
            );
            met.extend((!all.is_empty()).then_some(*status));
        }
        use NoticeStatus::{Bounced, Deferred, Sent, Uncertain, Withheld};
        for status in [Sent, Deferred, Bounced, Uncertain, Withheld] {
            assert!(met.contains(&status), "{status}");
        }
    }
    assert_eq!(paged(&house, campaign, None).await, expected(None).await);
}
