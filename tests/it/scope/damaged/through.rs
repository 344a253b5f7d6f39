//! Damaged lists through the whole import: the people in force are exactly those of the undamaged rows, and every line
//! of the file is accounted for.

use std::io::Cursor;

use candor::person::Person;
use candor::scope::import::{Imported, Source, import};
use candor::scope::{ScopeMode, store};

use super::list::{Dice, List, damaged};
use super::{file_of, read};
use crate::house::House;
use crate::scope::Desk;

/// Seeds of the pure test, chosen at random.
const SEEDS: [u64; 6] = [3, 33, 135, 226, 287, 1_234];

fn sum(of: &Imported) -> String {
    let lines = of.lines.unwrap();
    let replaced = (of.delta.replaced, of.delta.refused_again);
    lines.sum(of.accepted, of.rejected, replaced)
}

/// The person of the `n`th row, to the byte.
fn is_as_the_list_says(person: &Person, list: &List, n: usize, at: &str) {
    let told = &list.people[n];
    let says = |column: &str| {
        let text = told[column].trim();
        let is_there = list.columns.contains(&column) && !text.is_empty();
        is_there.then(|| text.to_owned())
    };
    let contact = &person.contact;
    assert_eq!(contact.name, says("name"), "{at}");
    assert_eq!(contact.address, says("address"), "{at}");
    assert_eq!(contact.postcode, says("postcode"), "{at}");
    let email = contact.email.as_ref();
    let email = email.map(|email| email.as_str().to_owned());
    assert_eq!(email, says("email"), "{at}");
    assert_eq!(person.exposed, told["elements"].parse().unwrap(), "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_damaged_list_are_its_undamaged_rows_to_the_byte() {
    for seed in SEEDS {
        let desk = Desk::new().await;
        let mut dice = Dice::new(seed);
        let list = List::new(&mut dice, 200);
        let parts = damaged(&list, &mut dice);
        let (file, ranges) = file_of(&list, &mut dice, &parts);
        let (found, lines) = read(&file);
        let taken = found.iter().filter(|found| found.row.is_ok()).count() as i64;

        let drafted = desk.import(ScopeMode::Full, file.clone()).await.unwrap();
        assert_eq!(drafted.accepted, taken, "seed {seed}");
        assert_eq!(drafted.rejected, found.len() as i64 - taken, "seed {seed}");
        assert_eq!(drafted.lines, Some(lines.into()), "seed {seed}");
        let version = store::find(&mut *desk.conn().await, desk.incident, 1)
            .await
            .unwrap();
        assert_eq!(version.lines, drafted.lines);

        desk.activate(1).await.unwrap();
        assert_eq!(desk.account().await.people, taken, "seed {seed}");
        for (part, range) in parts.iter().zip(&ranges) {
            let Some(n) = part.whole else { continue };
            let was_taken = found
                .iter()
                .any(|f| f.record.line == range.start && f.row.is_ok());
            let person = desk.person(&list.people[n]["reference"]).await;
            let at = format!("seed {seed}, line {}", range.start);
            assert_eq!(person.is_some(), was_taken, "{at}");
            if let Some(person) = person {
                is_as_the_list_says(&person, &list, n, &at);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclosed_quotation_mark_on_row_601_costs_one_row_of_a_thousand() {
    let desk = Desk::new().await;
    let row = |n: usize| match n {
        601 => "R-601,\"Ann 601,p601@sundmere.example,name\n".to_owned(),
        n => format!("R-{n},Ann {n},p{n}@sundmere.example,name\n"),
    };
    let rows: String = (1..=1_000).map(row).collect();
    let list = format!("reference,name,email,elements\n{rows}");
    let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (999, 1));
    assert_eq!(
        sum(&drafted),
        "1,001 lines = 1 header + 999 accepted + 1 refused + 0 blank"
    );
    let rejects = desk.rejects(1).await;
    let [reject] = &rejects[..] else {
        panic!("{rejects:?}")
    };
    assert_eq!((reject.line, reject.columns()), (602, "name".to_owned()));
    assert_eq!(reject.reasons[0].code, "damaged_quote");
    assert_eq!(
        reject.cells,
        ["R-601", "\"Ann 601", "p601@sundmere.example", "name"]
    );
    desk.activate(1).await.unwrap();
    assert_eq!(desk.account().await.people, 999);
    let after = desk.person("R-602").await.unwrap().contact;
    assert_eq!(after.name.as_deref(), Some("Ann 602"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_corrected_in_their_file_are_taken_again() {
    use candor::csv_file::RejectWriter;
    use csv::StringRecord;

    let desk = Desk::new().await;
    let list = "reference,name,elements\nR-1,\"Ann,name\nR-2,Bo,shoe_size\nR-3,Cy,name\n";
    let drafted = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (1, 2));
    let columns = StringRecord::from(drafted.delta.columns.clone());
    let mut file = RejectWriter::new(Vec::new(), &columns).unwrap();
    for reject in desk.rejects(1).await {
        let cells: Vec<_> = reject.cells.iter().map(String::as_bytes).collect();
        file.row(&cells, reject.line, &reject.columns(), &reject.why())
            .unwrap();
    }
    let file = String::from_utf8(file.finish().unwrap()).unwrap();
    assert!(
        file.starts_with("reference,name,elements,line,column,reason\n"),
        "{file}"
    );
    desk.activate(1).await.unwrap();
    let corrected = file
        .replace("\"\"\"Ann\"", "Ann")
        .replace("shoe_size,", "Phone Number,");
    let again = desk.import(ScopeMode::Delta, corrected).await.unwrap();
    assert_eq!((again.accepted, again.rejected), (2, 0));
    desk.activate(2).await.unwrap();
    assert_eq!(desk.account().await.people, 3);
    assert_eq!(
        desk.person("R-1").await.unwrap().contact.name.as_deref(),
        Some("Ann")
    );
    assert_eq!(
        desk.person("R-2").await.unwrap().exposed,
        "phone".parse().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_only_retracts_needs_no_elements() {
    let desk = Desk::new().await;
    let list = "reference,elements,flags\nR-1,name,\nR-2,name;ssn,\n";
    desk.take(ScopeMode::Full, list).await;
    let out = "reference,elements,flags\nR-2,,retract\n";
    let drafted = desk.take(ScopeMode::Delta, out).await;
    assert_eq!((drafted.accepted, drafted.rejected), (1, 0));
    assert_eq!(drafted.delta.people_retracted, 1);
    assert_eq!(desk.account().await.people, 1);
    let needed = desk
        .import(ScopeMode::Delta, "reference,elements,flags\nR-1,,hold\n")
        .await;
    assert_eq!(
        needed.unwrap().rejected,
        1,
        "any other row says what was exposed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_grouped_by_reason_with_an_example() {
    let desk = Desk::new().await;
    let mut list = "reference,elements,email\n".to_owned();
    for n in 0..50 {
        let elements = ["drivers_licens", "shoe_size", "email_address"][n % 3];
        let email = if n == 7 { "nowhere" } else { "" };
        list += &format!("R-{n},{elements},{email}\n");
    }
    let app = &desk.house.app;
    let source = Source::File(Cursor::new(list.into_bytes()));
    let drafted = import(app, desk.by, desk.incident, ScopeMode::Full, source, |_| {})
        .await
        .unwrap();
    assert_eq!(
        (drafted.accepted, drafted.rejected),
        (16, 34),
        "aliases are taken"
    );
    let key = desk.key().await;
    let groups = store::group_rejects(&mut *desk.conn().await, &key, desk.incident, 1, 10)
        .await
        .unwrap();
    let told: Vec<_> = groups
        .iter()
        .map(|g| (g.rows, g.line, g.column.as_str(), g.why.as_str()))
        .collect();
    let unknown = |word: &str| format!("There is no element “{word}”.");
    assert_eq!(
        told[0],
        (17, 2, "elements", unknown("drivers_licens").as_str())
    );
    assert_eq!(told[1], (17, 3, "elements", unknown("shoe_size").as_str()));
    assert_eq!((told[2].0, told[2].1, told[2].2), (1, 9, "email"));
    let (key, mut conn) = (desk.key().await, desk.conn().await);
    let examples = store::find_rejects(&mut conn, &key, desk.incident, 1, &[3.into(), 9.into()])
        .await
        .unwrap();
    let delta = &drafted.delta;
    assert_eq!(examples[0].cell("elements", delta), "shoe_size");
    assert_eq!(examples[1].cell("email", delta), "nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_stand_at_an_address_of_their_own() {
    let house = House::new().await;
    let site = crate::client::Site::open(&house.app).await;
    let program = site.program(&[candor::staff::StaffRole::Auditor]).await;
    let seen = program.get("/elements").json();
    let items = seen["items"].as_array().unwrap();
    assert_eq!(items.len(), candor::element::Element::ALL.len());
    let licence = items
        .iter()
        .find(|item| item["code"] == "driver_licence")
        .unwrap();
    assert_eq!(licence["severity"], 4);
    assert_eq!(licence["words"]["de"], "Führerscheinnummer");
    let aliases = licence["aliases"].as_array().unwrap();
    assert!(aliases.contains(&"drivers_license".into()), "{licence}");
    assert_eq!(seen["next"], serde_json::Value::Null);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let page = std::fs::read_to_string(page).unwrap();
    for element in candor::element::Element::ALL {
        let row = format!(
            "| `{element}` | {} | {} | {} |\n",
            element.words("en"),
            element.severity(),
            element.aliases().join(", ")
        );
        assert!(page.contains(&row), "docs/api.md lacks {row}");
    }
}
