//! Limits on wrong notice codes apply to all web nodes together.

use chrono::TimeDelta;

use crate::client::Site;
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_count_for_all_nodes_together() {
    let house = House::new().await;
    let nodes = [Site::open(&house.app).await, Site::open(&house.app).await];
    let browsers = nodes.each_ref().map(Site::browser);
    let wrong = |n: usize| {
        let fields = [("code", "no code at all")];
        browsers[n % 2].submit("/verify", "/verify", &fields)
    };
    for n in 0..30 {
        assert_eq!(wrong(n).status, 200, "{n}");
    }
    for n in 0..2 {
        let seen = wrong(n);
        assert_eq!(
            (seen.status, seen.header("retry-after")),
            (429, "10"),
            "node {n}"
        );
    }
    // The database row contains no address, and limits no one once it is full again.
    let kept = "select count(*) from wrong_code where length(network) = 16";
    assert_eq!(house.number(kept).await, 1);
    house.app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(wrong(0).status, 200);
    assert_eq!(wrong(1).status, 429);
    house.app.clock.advance(TimeDelta::hours(1));
    house
        .sql("insert into wrong_code select sha256(n::text::bytea), '2026-11-23' from generate_series(1, 1000) n")
        .await;
    assert_eq!(wrong(1).status, 200);
    assert_eq!(
        house.number("select count(*) from wrong_code").await,
        1,
        "the old are swept"
    );
}
