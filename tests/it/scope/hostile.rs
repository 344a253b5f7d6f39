//! Hostile strings in every column of a list, through the whole import: each row is a person who reads back as given,
//! or a reject that keeps the cells as given.

use std::fs;
use std::path::Path;

use candor::csv_file::Column;
use candor::scope::{How, OnDraft, Reject, ScopeMode, store};

use super::Desk;

fn hostile() -> Option<Vec<String>> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let Ok(blns) = fs::read(corpora.join("naughty-strings/blns.json")) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "corpus missing: naughty-strings"
        );
        println!("did not run: no {}", corpora.display());
        return None;
    };
    let mut strings: Vec<String> = serde_json::from_slice(&blns).unwrap();
    for file in ["crlf.txt", "csv-formula.txt", "xss-rsnake.txt"] {
        let text = fs::read_to_string(corpora.join("payloads").join(file)).unwrap();
        strings.extend(text.lines().map(str::to_owned));
    }
    Some(strings)
}

/// A row with `string` in one column; all its other cells are valid, and the reference is unique.
fn row(column: Column, string: &str, number: usize) -> [String; 9] {
    let good = [
        format!("H-{number}"),
        format!("p{number}@example.com"),
        "Jane".to_owned(),
        "en".to_owned(),
        "US".to_owned(),
        "9".to_owned(),
        "name".to_owned(),
        String::new(),
        "1 High St".to_owned(),
    ];
    let mut cells = Column::ALL.into_iter().zip(good);
    std::array::from_fn(|_| match cells.next().unwrap() {
        (this, _) if this == column => string.to_owned(),
        (_, good) => good,
    })
}

async fn is_as_given(desk: &Desk, column: Column, cells: &[String; 9]) {
    let person = desk
        .person(&cells[0])
        .await
        .unwrap_or_else(|| panic!("{column}: {cells:?}"));
    let contact = &person.contact;
    let kept = [
        contact.reference.as_str(),
        contact.email.as_ref().map_or("", |email| email.as_str()),
        contact.name.as_deref().unwrap_or_default(),
    ];
    let shown = [cells[0].trim(), cells[1].trim(), cells[2].trim()];
    assert_eq!(kept, shown, "{column}");
    assert_eq!(
        contact.postcode.as_deref().unwrap_or_default(),
        cells[5].trim(),
        "{column}"
    );
    assert_eq!(
        contact.address.as_deref().unwrap_or_default(),
        cells[8].trim(),
        "{column}"
    );
}

fn are_as_given(column: Column, rejects: &[Reject], rows: &[[String; 9]]) {
    for reject in rejects {
        assert!(
            rows.iter().any(|cells| cells[..] == reject.cells[..]),
            "{column}: the cells of line {} are not as they were given",
            reject.line
        );
        assert!(
            !reject.why().is_empty() && !reject.columns().is_empty(),
            "{column}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_strings_become_people_as_they_are_or_rejects_as_they_were() {
    let Some(strings) = hostile() else { return };
    let desk = Desk::new().await;
    let mut version = 0;
    // In some columns every row is refused; such a draft waits, and is useless.
    let how = How {
        mode: ScopeMode::Full,
        draft: Some(OnDraft::Replace),
    };
    for column in Column::ALL {
        // The same string twice would be the same reference twice.
        let mut given: Vec<&String> = strings.iter().collect();
        given.sort();
        given.dedup();
        let rows: Vec<_> = given
            .iter()
            .enumerate()
            .map(|(n, s)| row(column, s, n))
            .collect();
        let mut list = csv::Writer::from_writer(Vec::new());
        list.write_record(Column::ALL.map(Column::as_str)).unwrap();
        rows.iter()
            .for_each(|cells| list.write_record(cells).unwrap());
        let imported = desk.import(how, list.into_inner().unwrap()).await.unwrap();
        assert_eq!(
            (imported.accepted + imported.rejected) as usize,
            rows.len(),
            "{column}"
        );
        version += 1;
        // In some columns every string is refused; then no person can be put in force.
        if imported.accepted > 0 {
            desk.activate(version).await.unwrap();
        }

        let (key, mut conn) = (desk.key().await, desk.conn().await);
        let rejects = store::list_rejects(&mut conn, &key, desk.incident, version, 0, 2_000);
        let rejects = rejects.await.unwrap();
        assert_eq!(rejects.len() as i64, imported.rejected, "{column}");
        are_as_given(column, &rejects, &rows);
        drop(conn);
        let refused: std::collections::BTreeSet<&[String]> =
            rejects.iter().map(|reject| &reject.cells[..]).collect();
        for cells in rows.iter().filter(|cells| !refused.contains(&cells[..])) {
            is_as_given(&desk, column, cells).await;
        }
        desk.account().await;
    }
}
