//! The pages of claims in a real browser: by keyboard, at 1280 and 360 px, in light and dark, held to axe.

use super::*;
use crate::client::{PASSWORD, Site};
use crate::mail::did_not_run;
use crate::web::browser::{missing, walk};

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_written_published_and_corrected_by_keyboard_in_a_real_browser() {
    let name = "claims_are_written_published_and_corrected_by_keyboard_in_a_real_browser";
    if let Some(missing) = missing() {
        return did_not_run(name, missing);
    }
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, PEOPLE).await;
    let mine = scene.status_page(&house, "S-1").await.1;
    let site = Site::open(&house.app).await;
    let comms = site.staff("comms", &[Comms]).await;
    let words = json!({
        "base": site.url, "status": mine, "incident": AT,
        "account": { "email": comms.email.unwrap().as_str(), "password": PASSWORD },
    });
    println!("{}", walk("claims.mjs", words.to_string()).await);
    let corrected =
        "select count(*) from claim_version where key = 'what_happened' and state = 'corrected'";
    // The correction, and what the other tab saved.
    assert_eq!(house.number(corrected).await, 2);
}
