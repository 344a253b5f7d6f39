//! A waiting draft is never lost: an import says what becomes of it, and rows can be added to it.

use std::io::Cursor;

use candor::scope::activate::{ActivateError, activate, discard};
use candor::scope::body::pieces;
use candor::scope::consent::Consent;
use candor::scope::import::{ImportError, Imported, Source, import};
use candor::scope::upload::{UploadError, begin};
use candor::scope::{How, OnDraft, Place, ScopeMode, ScopeStatus, store};

use super::{Desk, set};

fn how(mode: ScopeMode, draft: OnDraft) -> How {
    How {
        mode,
        draft: Some(draft),
    }
}

impl Desk {
    /// Adds a list to the waiting draft.
    pub(super) async fn add(&self, list: &str) -> Result<Imported, ImportError> {
        self.import(how(ScopeMode::Delta, OnDraft::Add), list).await
    }

    async fn states(&self) -> Vec<(i32, ScopeStatus)> {
        let all = store::list(&mut *self.conn().await, self.incident).await;
        let state = |v: candor::scope::Version| (v.version, v.status);
        all.unwrap().into_iter().map(state).collect()
    }

    /// The rejects of a version as a file to correct.
    async fn rejects_file(&self, version: i32, columns: &[String]) -> String {
        let mut file = columns.join(",") + ",line,column,reason\n";
        for reject in self.rejects(version).await {
            let cells = reject.cells.join(",");
            file += &format!("{cells},{},{},\n", reject.place(), reject.columns());
        }
        file
    }
}

const FIRST: &str = "reference,email,name,elements\n\
    r1,a@example.org,Ada,name\n\
    r2,nowhere,Bo,name\n\
    r3,c@example.org,Cy,shoe_size\n\
    ,d@example.org,Dee,name\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_while_a_draft_waits_is_refused_before_anything_is_read() {
    let desk = Desk::new().await;
    let drafted = desk.import(ScopeMode::Full, FIRST).await.unwrap();
    assert_eq!((drafted.accepted, drafted.rejected), (1, 3));
    // Not even the first line is read.
    let refused = desk.import(ScopeMode::Delta, "not a list").await;
    assert!(
        matches!(
            refused,
            Err(ImportError::DraftWaits {
                version: 1,
                accepted: 1,
                rejected: 3
            })
        ),
        "{refused:?}"
    );
    let app = &desk.house.app;
    let begun = begin(app, desk.by, desk.incident, 10, None).await;
    assert!(matches!(begun, Err(UploadError::Draft(_))), "{begun:?}");
    let replace = Some(OnDraft::Replace);
    let begun = begin(app, desk.by, desk.incident, 10, replace).await;
    assert!(begun.is_ok(), "{begun:?}");
    assert_eq!(desk.states().await, [(1, ScopeStatus::Draft)]);
    assert_eq!(desk.rejects(1).await.len(), 3);

    let replaced = desk
        .import(how(ScopeMode::Full, OnDraft::Replace), FIRST)
        .await
        .unwrap();
    assert_eq!(replaced.version, 2);
    let states = [(2, ScopeStatus::Draft), (1, ScopeStatus::Discarded)];
    assert_eq!(desk.states().await, states);
    let audited =
        "audit_event where action = 'scope.import' and detail::jsonb->'replaced' = '[1]'::jsonb";
    assert_eq!(desk.rows(audited).await, 1);
}

/// Its first line is wrong, or it is cut off after a good beginning.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_refused_as_a_whole_leaves_the_draft_that_it_meant() {
    let desk = Desk::new().await;
    desk.import(ScopeMode::Full, FIRST).await.unwrap();
    for on in [OnDraft::Replace, OnDraft::Add] {
        let refused = desk.import(how(ScopeMode::Full, on), "reference\n").await;
        assert!(
            matches!(refused, Err(ImportError::Header(_))),
            "{refused:?}"
        );
        let (feed, body) = pieces();
        assert!(feed.send("reference,elements\nr1,name\nr2,na".into()).await);
        drop(feed);
        let (app, source) = (&desk.house.app, Source::Upload(body));
        let how = how(ScopeMode::Full, on);
        let cut = import(app, desk.by, desk.incident, how, source, |_| {}).await;
        assert!(matches!(cut, Err(ImportError::Read(_))), "{cut:?}");
        assert_eq!(desk.states().await.last(), Some(&(1, ScopeStatus::Draft)));
        assert_eq!(desk.rejects(1).await.len(), 3);
    }
    desk.activate(1).await.unwrap();
    assert_eq!(desk.account().await.people, 1);
}

/// L1: the corrected rejects of a first list are added to its draft.
#[tokio::test(flavor = "multi_thread")]
async fn corrected_rejects_join_the_draft_of_a_first_list() {
    let desk = Desk::new().await;
    let drafted = desk.import(ScopeMode::Full, FIRST).await.unwrap();
    let file = desk.rejects_file(1, &drafted.delta.columns).await;
    let corrected = file
        .replace("nowhere", "b@example.org")
        .replace("shoe_size", "ssn")
        .replace("\n,d@", "\nr4,d@");
    let added = desk.add(&corrected).await.unwrap();
    assert_eq!((added.version, added.accepted, added.rejected), (1, 4, 0));
    let delta = &added.delta;
    assert_eq!((delta.people_added, delta.replaced), (4, 3));
    assert_eq!(delta.by_element["ssn"].added, 1);
    assert_eq!(delta.added_files.len(), 1);
    assert_eq!(desk.states().await, [(1, ScopeStatus::Draft)]);
    desk.activate(1).await.unwrap();
    assert_eq!(desk.account().await.people, 4);
    assert_eq!(desk.person("r3").await.unwrap().exposed, set("ssn"));
    assert_eq!(desk.waiting().await, 0);
    let audited = "audit_event where action = 'scope.add'";
    assert_eq!(desk.rows(audited).await, 1);
}

/// L1: the same for a later full list, which stays full, and a row that is refused again.
#[tokio::test(flavor = "multi_thread")]
async fn corrected_rejects_join_the_draft_of_a_later_list_which_stays_a_full_one() {
    let desk = Desk::new().await;
    let v1 = "reference,email,name,elements\n\
        r1,a@example.org,Ada,name\nr2,b@example.org,Bo,name\ngone,g@example.org,Gil,name\n";
    desk.take(ScopeMode::Full, v1).await;
    let drafted = desk.import(ScopeMode::Full, FIRST).await.unwrap();
    // Bo stands on a refused line, so the list does not retract him.
    let delta = &drafted.delta;
    assert_eq!((delta.people_retracted, delta.kept), (1, 1));
    let file = desk.rejects_file(2, &drafted.delta.columns).await;
    let half = file.replace("nowhere", "b@example.org");
    let added = desk.add(&half).await.unwrap();
    assert_eq!((added.version, added.accepted, added.rejected), (2, 2, 2));
    let delta = &added.delta;
    let (retracted, kept) = (delta.people_retracted, delta.kept);
    assert_eq!((retracted, kept), (1, 0), "Bo is in the list again");
    let rows = added.accepted + added.rejected + added.delta.replaced;
    assert_eq!(rows, 4 + 3, "every row of both files is counted once");
    let rejects = desk.rejects(2).await;
    let places: Vec<_> = rejects.iter().map(|r| r.place().to_string()).collect();
    assert_eq!(places, ["3 of file 2", "4 of file 2"]);
    assert_eq!(rejects[0].cells[2], "Cy", "its cells open at its new place");

    let file = desk.rejects_file(2, &added.delta.columns).await;
    let rest = file
        .replace("shoe_size", "name")
        .replace("\n,d@", "\nr4,d@");
    let added = desk.add(&rest).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (4, 0));
    assert_eq!(
        (added.delta.people_added, added.delta.people_retracted),
        (2, 1)
    );
    desk.activate(2).await.unwrap();
    assert_eq!(desk.account().await.people, 4);
    assert!(desk.person("gone").await.unwrap().standing.as_str() == "retracted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_row_replaces_the_one_with_its_reference_and_may_take_it_out() {
    for has_list_in_force in [false, true] {
        let desk = Desk::new().await;
        let mut version = 1;
        if has_list_in_force {
            desk.take(ScopeMode::Full, "reference,elements\nold,name\n")
                .await;
            version = 2;
        }
        let list = "reference,email,name,elements,flags\n\
            r1,a@example.org,Ada,name,hold\nr2,b@example.org,Bo,name,\nr3,c@example.org,Cy,name,\n";
        desk.import(ScopeMode::Delta, list).await.unwrap();
        // Other columns, in another order; the file gives only the elements of Ada.
        let other = "elements,reference,postcode\nssn,R1,12345\nname,new,\n";
        let added = desk.add(other).await.unwrap();
        assert_eq!((added.version, added.accepted), (version, 4));
        assert_eq!((added.delta.people_added, added.delta.replaced), (4, 1));
        let out = "reference,elements,flags\nr2,name,retract\nnobody,name,retract\n";
        let added = desk.add(out).await.unwrap();
        assert_eq!((added.accepted, added.rejected), (4, 1));
        assert_eq!(added.delta.people_added, 3);
        let reject = &desk.rejects(version).await[0];
        assert_eq!(reject.place(), Place { file: 3, line: 3 });
        assert_eq!(reject.reasons[0].code, "not_in_the_list");
        desk.activate(version).await.unwrap();
        let people = if has_list_in_force { 4 } else { 3 };
        let account = desk.account().await;
        assert_eq!((account.people, account.withheld), (people, 1));
        let ada = desk.person("r1").await.unwrap();
        assert_eq!(ada.contact.name.as_deref(), Some("Ada"));
        assert_eq!(ada.contact.postcode.as_deref(), Some("12345"));
        assert_eq!(
            (ada.exposed, ada.flags.to_string()),
            (set("ssn"), "hold".to_owned())
        );
        assert!(desk.person("r2").await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_added_to_a_draft_of_any_length_and_the_sums_agree() {
    let desk = Desk::new().await;
    let list = |people: std::ops::Range<u32>, elements: &str| {
        let mut list = String::from("reference,email,elements\n");
        for n in people {
            list += &format!("r{n},p{n}@example.org,{elements}\n");
        }
        list
    };
    desk.import(ScopeMode::Full, list(0..11_000, "name"))
        .await
        .unwrap();
    let added = desk.add(&list(10_000..12_000, "name;ssn")).await.unwrap();
    assert_eq!((added.accepted, added.delta.replaced), (12_000, 1_000));
    desk.activate(1).await.unwrap();
    assert_eq!(desk.account().await.people, 12_000);
    desk.import(ScopeMode::Full, list(0..11_000, "name;phone"))
        .await
        .unwrap();
    let added = desk.add(&list(10_500..11_500, "name;phone")).await.unwrap();
    let delta = &added.delta;
    assert_eq!((delta.people_retracted, delta.replaced), (500, 500));
    assert_eq!((delta.elements_added, delta.unchanged), (11_500, 0));
    desk.activate(2).await.unwrap();
    assert_eq!(desk.account().await.people, 11_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_of_another_persons_line_stays() {
    let desk = Desk::new().await;
    let drafted = desk.import(ScopeMode::Full, FIRST).await.unwrap();
    assert_eq!(drafted.rejected, 3);
    // A file of rejects of another version: it has a row of another person at the same lines.
    let other = "reference,elements,line,column,reason\nz3,name,3,email,\nz4,name,4,email,\n";
    let added = desk.add(other).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (3, 3));
    // Without lines, the reference tells.
    let plain = "reference,elements\nr2,name\n";
    let added = desk.add(plain).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_once_the_draft_is_in_force_or_gone() {
    let desk = Desk::new().await;
    let none = desk.add("reference,elements\nr1,name\n").await;
    assert!(matches!(none, Err(ImportError::NoDraft)), "{none:?}");
    desk.take(ScopeMode::Full, "reference,elements\nr1,name\n")
        .await;
    let late = desk.add("reference,elements\nr2,name\n").await;
    assert!(matches!(late, Err(ImportError::NoDraft)), "{late:?}");
    let first = desk.import(ScopeMode::Delta, "reference,elements\nr2,name\n");
    let version = first.await.unwrap().version;
    discard(&desk.house.app, desk.by, desk.incident, version)
        .await
        .unwrap();
    let late = desk.add("reference,elements\nr3,name\n").await;
    assert!(matches!(late, Err(ImportError::NoDraft)), "{late:?}");
    assert_eq!(desk.account().await.people, 1, "no person was retracted");
}

/// Two people correct rejects at once, and a third presses Activate: each is done completely or refused.
#[tokio::test(flavor = "multi_thread")]
async fn additions_and_an_activation_at_once_take_turns() {
    let desk = Desk::new().await;
    desk.import(ScopeMode::Full, FIRST).await.unwrap();
    let app = &desk.house.app;
    let (feed, body) = pieces();
    // It reads this much to recognise the file; then it holds the lock and waits for the rest.
    let start = format!("reference,elements\nx1,name\n{}", "\n".repeat(64 << 10));
    assert!(feed.send(start.into()).await);
    let slow = tokio::spawn({
        let (app, by, incident) = (app.clone(), desk.by, desk.incident);
        let (source, how) = (Source::Upload(body), how(ScopeMode::Full, OnDraft::Add));
        async move { import(&app, by, incident, how, source, |_| {}).await }
    });
    while desk.rows("scope_version where status = 'importing'").await == 0 {
        tokio::task::yield_now().await;
    }
    let second = desk.add("reference,elements\nx2,name\n").await;
    assert!(matches!(second, Err(ImportError::Busy)), "{second:?}");
    let early = activate(app, desk.by, desk.incident, 1, Consent::Given).await;
    assert!(matches!(early, Err(ActivateError::Busy)), "{early:?}");
    let gone = discard(app, desk.by, desk.incident, 1).await;
    assert!(matches!(gone, Err(ActivateError::Busy)), "{gone:?}");
    feed.finish().await;
    assert_eq!(slow.await.unwrap().unwrap().accepted, 2);

    let list = |n: u32| format!("reference,elements\ny{n},name\n").into_bytes();
    let adding = |n: u32| {
        let (app, by, incident) = (app.clone(), desk.by, desk.incident);
        let source = Source::File(Cursor::new(list(n)));
        async move {
            import(
                &app,
                by,
                incident,
                how(ScopeMode::Full, OnDraft::Add),
                source,
                |_| {},
            )
            .await
        }
    };
    let activating = activate(app, desk.by, desk.incident, 1, Consent::Given);
    let (one, two, active) = tokio::join!(adding(1), adding(2), activating);
    let added = [&one, &two].iter().filter(|done| done.is_ok()).count() as i64;
    for refused in [one, two].into_iter().filter_map(Result::err) {
        let expected = matches!(refused, ImportError::Busy | ImportError::NoDraft);
        assert!(expected, "{refused}");
    }
    match active {
        Ok(version) => assert_eq!(version.accepted, desk.account().await.people),
        Err(ActivateError::Busy) => {
            desk.activate(1).await.unwrap();
        }
        Err(other) => panic!("{other}"),
    }
    assert_eq!(desk.account().await.people, 2 + added);
    assert_eq!(desk.waiting().await, 0);
}
