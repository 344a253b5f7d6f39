//! Refused rows of added files, in the columns of each file.

use candor::staff::StaffRole::Comms;

use crate::client::Site;
use crate::house::House;
use crate::html::has;
use crate::people::Scene;

const AT: &str = "/console/incidents/sundmere";

fn cells_stand_in_the_columns_of_the_draft(file: &str) {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(file.as_bytes());
    let head: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(
        head,
        [
            "reference",
            "email",
            "elements",
            "name",
            "postcode",
            "line",
            "column",
            "reason"
        ]
    );
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect())
        .collect();
    let of = |reference: &str| rows.iter().find(|row| row[0] == reference).unwrap();
    assert_eq!(of("r9")[..5], ["r9", "z@example.org", "name", "", ""]);
    assert_eq!(of("r9")[8..], ["one more"]);
    assert_eq!(of("r2")[..5], ["r2", "b@example.org", "name", "Bo", ""]);
    assert_eq!(of("r2")[8..], ["surplus"]);
    assert_eq!(
        of("r4")[..5],
        ["r4", "d@example.org", "shoe_size", "Dee", ""]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_of_an_added_file_shows_its_cells_as_that_file_has_them() {
    let house = House::new().await;
    Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let add = |query: &str, list: &str| {
        let (page, to) = (format!("{AT}/import"), format!("{AT}/scopes{query}"));
        let sent =
            tokio::task::block_in_place(|| comms.upload(&page, &to, &[("mode", "delta")], list));
        assert_eq!(sent.status, 303, "{}", sent.body);
    };
    add(
        "",
        "reference,email,elements\nr1,a@example.org,name\nr9,z@example.org,name,one more\n",
    );
    // Other columns in another order; one row with a cell too many, one with a cell too few, one with a bad cell.
    add(
        "?draft=add",
        "name,elements,reference,email\nBo,name,r2,b@example.org,surplus\nCy,name,r3\nDee,shoe_size,r4,d@example.org\n",
    );
    // A column that this file adds.
    add("?draft=add", "reference,elements,postcode\nr5,name,98101\n");
    let page = comms.page(&format!("{AT}/scopes/1"));
    for cells in [
        "r9 | z@example.org | name | one more<",
        "Bo | name | r2 | b@example.org | surplus<",
        "Cy | name | r3<",
        ">shoe_size<",
    ] {
        has(&page, cells);
    }
    // The download has the draft's columns, each cell under its own; extra cells follow the reason.
    let file = comms.page(&format!("{AT}/scopes/1/rejects"));
    cells_stand_in_the_columns_of_the_draft(&file);
}
