//! The closed catalogue of audit actions.

use std::fs;
use std::path::Path;

use candor::audit::{Action, Flaw, link, store};

use super::{act, report};
use crate::house::House;

/// Every text between quotes in the code below a folder, with its file.
fn quoted(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            quoted(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            // Quotes in comments need not have a second one.
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let words = line.split('"').skip(1).step_by(2);
                found.extend(words.map(|word| (path.display().to_string(), word.to_owned())));
            }
        }
    }
}

#[test]
fn no_text_outside_of_the_catalogue_names_an_action() {
    let mut found = Vec::new();
    quoted(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let names = |(_, word): &&(String, String)| Action::parse(word).is_some();
    let (own, others): (Vec<_>, Vec<_>) = found
        .iter()
        .filter(names)
        .partition(|(file, _)| file.ends_with("src/audit/action.rs"));
    assert!(own.len() >= Action::ALL.len());
    assert_eq!(others, Vec::<&(String, String)>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_of_a_newer_program_is_linked_verified_and_read() {
    let house = House::new().await;
    act(&house, "bounce.take_in").await;
    link::all(&house.app).await.unwrap();
    let found = report(&house).await;
    assert_eq!((found.flaws, found.events), (Vec::<Flaw>::new(), 1));
    let mut conn = house.app.db.get().await.unwrap();
    let events = store::list(&mut conn, "everything", 9).await.unwrap();
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["bounce.take_in"]);
}
