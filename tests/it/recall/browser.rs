//! A recall in a real Chromium, at 1280 and 360 px, in light and in dark, with axe: `tests/browser/recall.mjs`.

use candor::campaign::UncertainPolicy;
use candor::staff::StaffRole::{Approver, Comms};
use serde_json::json;

use super::{HEAD, launched, row, template};
use crate::client::PASSWORD;
use crate::mail::did_not_run;
use crate::people::Scene;
use crate::web::browser::{missing, walk};

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_in_a_real_browser() {
    if let Some(missing) = missing() {
        return did_not_run("a_recall_in_a_real_browser", missing);
    }
    let (house, scene, site) = Scene::open("").await;
    let list = row("R-1", "en", "US-WA") + &row("R-2", "ar", "US-WA") + &row("R-3", "en", "US-CA");
    scene.import(&house, &format!("{HEAD}{list}")).await;
    let wrong = template(&house, &scene, "Wrong", &[("en", "It happened on 5 May.")]).await;
    let other = template(&house, &scene, "Other", &[("en", "It happened.")]).await;
    let resend = UncertainPolicy::Resend;
    launched(&house, &scene, wrong, "US-WA", resend).await;
    launched(&house, &scene, other, "US-CA", resend).await;
    house.send_all().await;
    let mut accounts = serde_json::Map::new();
    for (name, role) in [("comms", Comms), ("approver", Approver)] {
        let email = site.staff(name, &[role]).await.email.unwrap();
        let account = json!({ "email": email.as_str(), "password": PASSWORD });
        accounts.insert(name.to_owned(), account);
    }
    let mut pages = Vec::new();
    for reference in ["R-1", "R-2", "R-3"] {
        pages.push(scene.status_page(&house, reference).await.1);
    }
    let told = json!({ "base": site.url, "accounts": accounts, "pages": pages });
    walk("recall.mjs", told.to_string()).await;
}
