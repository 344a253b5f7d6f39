//! A list changes while a campaign is being sent. Each message is right for the person at the moment it leaves, and an
//! audience belongs to one list version.

mod bounces;
mod frozen;
mod full_speed;
mod queued;
mod server;

use std::collections::BTreeMap;

use candor::campaign::store::{LeftOut, Progress, left_out, progress};
use candor::campaign::{CampaignStatus, store};
use candor::id::CampaignId;
use candor::notice::account::{Account, account, recount};
use candor::notice::freeze;

use crate::house::House;
use crate::people::Scene;

/// One row of a list: number, address, name, locale, elements, flags.
type Row<'a> = (usize, &'a str, &'a str, &'a str, &'a str);

const HEADER: &str = "reference,email,name,locale,elements,flags\n";

/// The row of person `n`, who lost `elements`, as in the first list of each test here.
fn plain(n: usize, elements: &str) -> String {
    format!("R-{n},p{n}@example.org,Person {n},en,{elements},\n")
}

/// `number, address, locale, elements, flags`
fn row((n, email, locale, elements, flags): Row<'_>) -> String {
    format!("R-{n},{email},Person {n},{locale},{elements},{flags}\n")
}

fn first_list(people: usize) -> String {
    let rows = (0..people).map(|n| plain(n, "name;ssn"));
    HEADER.to_owned() + &rows.collect::<String>()
}

async fn freeze_all(house: &House) {
    while freeze::step(&house.app).await.unwrap() {}
}

/// The recipients of all messages, with the number of messages to each address.
fn received(house: &House) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for letter in house.mail.take_sent() {
        let to = letter.recipient.as_str().to_owned();
        *times.entry(to).or_default() += 1;
    }
    times
}

fn addresses<'a>(of: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, usize> {
    of.into_iter().map(|one| (one.to_owned(), 1)).collect()
}

/// The account, after a check that it equals a recount.
async fn counted(house: &House, scene: &Scene) -> Account {
    let mut conn = house.app.db.get().await.unwrap();
    let told = account(&mut conn, scene.incident).await.unwrap();
    drop(conn);
    let differ = recount::books(&house.app, scene.incident).await.unwrap();
    assert_eq!(differ, [], "every counter says what there is");
    assert_eq!(told.unexplained, 0);
    told
}

/// Status and reason of a campaign, and the people that it left out.
async fn stands(house: &House, id: CampaignId) -> (CampaignStatus, Option<String>, LeftOut) {
    let mut conn = house.app.db.get().await.unwrap();
    let campaign = store::find(&mut conn, id).await.unwrap();
    let left_out = left_out(&mut conn, id).await.unwrap();
    (campaign.status, campaign.status_reason, left_out)
}

async fn progress_of(house: &House, id: CampaignId) -> Progress {
    progress(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
}

/// State and reason of each notice of a campaign, by the person's number in the list.
async fn notices(house: &House, id: CampaignId) -> BTreeMap<usize, (String, Option<String>)> {
    let mut conn = house.app.db.get().await.unwrap();
    let incident = store::find(&mut conn, id).await.unwrap().incident;
    let found = candor::incident::store::find(&mut conn, incident)
        .await
        .unwrap();
    let key = found.key(&house.app.keys).unwrap().unwrap();
    let all = candor::notice::store::list(&mut conn, id, None, None, 10_000)
        .await
        .unwrap();
    let mut by_number = BTreeMap::new();
    for notice in all {
        let person = candor::person::store::find(&mut conn, &key, notice.person)
            .await
            .unwrap();
        let number = person.contact.reference["R-".len()..].parse().unwrap();
        let reason = notice.withheld.map(|reason| reason.to_string());
        by_number.insert(number, (notice.status.to_string(), reason));
    }
    by_number
}
