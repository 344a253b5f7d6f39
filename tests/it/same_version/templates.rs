//! Both writers save the next version of a template.

use candor::staff::StaffRole;
use candor::template::{Variant, Variants, edit};
use serde_json::json;

use super::{Pair, Request, To, Writers, rounds};
use crate::house::House;

fn saves_by_api(id: &str, read: i32, words: &str) -> Request {
    let texts = json!({ "en": { "subject": "Your data", "body": words } });
    Request {
        to: To::Api(
            format!("/templates/{id}/versions"),
            json!({ "variants": texts, "based_on": read }),
        ),
        word: "en: body".to_owned(),
        said: "program wrote a version just now: en: body.".to_owned(),
        kept: String::new(),
    }
}

fn saves(id: &str, words: &str) -> Request {
    let at = format!("/console/templates/{id}");
    let typed = [("locale", "en"), ("subject", "Your data"), ("body", words)];
    Request {
        to: To::Form(
            at.clone(),
            format!("{at}/versions"),
            typed.map(|(name, value)| (name, value.to_owned())).to_vec(),
        ),
        word: "en: body".to_owned(),
        said: "ana wrote a version just now: en: body.".to_owned(),
        kept: words.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_of_two_next_versions_of_a_template_one_is_saved_and_the_other_hears_of_it() {
    let writers = Writers::new(House::new().await, StaffRole::Comms).await;
    let text = Variant {
        subject: "Your data".to_owned(),
        body: "{{ elements }}".to_owned(),
    };
    let texts = Variants::from([("en".to_owned(), text)]);
    let id = edit::create(&writers.house.app, writers.ana, "First", &texts);
    let id = id.await.unwrap().to_string();
    let mut read = 1;
    for pair in [Pair::Api, Pair::Console, Pair::Mixed] {
        for round in 0..rounds() {
            let [one, other] = ["one", "other"]
                .map(|who| format!("The {who} of {pair:?} {round}. {{{{ elements }}}}"));
            let both = match pair {
                Pair::Api => [
                    saves_by_api(&id, read, &one),
                    saves_by_api(&id, read, &other),
                ],
                Pair::Console => [saves(&id, &one), saves(&id, &other)],
                Pair::Mixed => [saves_by_api(&id, read, &one), saves(&id, &other)],
            };
            writers.meet(read, &both);
            read += 1;
        }
    }
    let versions = "select count(*) from template_version";
    assert_eq!(writers.house.number(versions).await, i64::from(read));
}
