//! Kills during the addition of rows, and of Postgres during an import.

use super::*;

/// Kills additions to the draft of a first list, then of a later one.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_addition_leaves_the_draft_as_it_was() {
    let desk = Desk::new().await;
    let site = Site::of(&desk);
    let additions = List::of_additions();
    let mut cut = 0;
    for round in 0..2 {
        let list = List::of_round(round);
        site.until_done(&list, &[]);
        let before = site.draft().await;
        let start = Instant::now();
        site.until_done(&additions, &["--add-to-draft"]);
        let took = start.elapsed();
        let after = site.draft().await;
        assert_ne!(before, after);
        for _ in 0..kills().div_ceil(2) {
            site.until_done(&list, &["--replace-draft"]);
            assert_eq!(site.draft().await, before);
            let part = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
            let adding = site.import(&additions, &["--add-to-draft"]);
            cut += u32::from(!killed(adding, took.mul_f64(part)));
            site.quiet().await;
            let now = site.draft().await;
            assert!(now == before || now == after, "half the rows were added");
            site.until_done(&additions, &["--add-to-draft"]);
            assert_eq!(site.draft().await, after, "round {round}");
        }
        let version = "select max(version) from scope_version where status = 'draft'";
        let version = i32::try_from(desk.house.number(version).await).unwrap();
        desk.activate(version).await.unwrap();
        site.people().await;
    }
    assert!(cut > 0, "every addition was done before it was killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_killed_under_an_import_costs_that_import_and_nothing_else() {
    let scratch = Scratch::new();
    let settings = embedded::Settings {
        durable: false,
        max_connections: 20,
    };
    let dir = scratch.path().join("pg");
    let mut cluster = embedded::Cluster::start_with(&dir, settings).await.unwrap();
    for database in ["calm", "stormy"] {
        cluster.ensure_database(database).await.unwrap();
    }
    let calm = Site::on(cluster.url("calm")).await;
    let stormy = Site::on(cluster.url("stormy")).await;
    calm.take(&List::of_round(0));
    stormy.take(&List::of_round(0));
    for round in 1..=2 {
        let list = List::of_round(round);
        let after = moment(round, calm.take(&list));
        let wanted = calm.people().await;
        let importer = stormy.start(&list, list.retracts);
        // As above: the test varies the moment.
        std::thread::sleep(after);
        kill_postmaster(&dir);
        importer.wait_with_output().unwrap();
        // Reaps the process.
        cluster.stop().await.unwrap();
        cluster = embedded::Cluster::start_with(&dir, settings).await.unwrap();
        let (calm, stormy) = (calm.again(), stormy.again());
        stormy.take(&list);
        assert_eq!(
            stormy.people().await,
            wanted,
            "round {round}, killed after {after:?}"
        );
        assert_eq!(
            calm.people().await,
            wanted,
            "round {round}: the other database suffered"
        );
    }
    cluster.stop().await.unwrap();
}

fn kill_postmaster(dir: &std::path::Path) {
    let pid = fs::read_to_string(dir.join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().trim().to_owned();
    let killed = Command::new("kill").args(["-9", &pid]).status().unwrap();
    assert!(killed.success());
}
