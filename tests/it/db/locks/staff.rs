//! Signing in, and changing one's own password, while an admin sets another password or disables the account.

use std::net::IpAddr;

use candor::id::StaffId;
use candor::staff::StaffRole;
use candor::staff::manage::{self, ManageError};
use candor::staff::password::{Cost, Password};
use candor::staff::sign_in::{Attempts, SignInError, sign_in};

use crate::client::{PASSWORD, Site};
use crate::house::House;
use crate::sessions::{holder, until_waiting};

const NEXT: &str = "another password, quite long";

async fn hash_of(house: &House, id: StaffId) -> String {
    let question = format!("select password_hash from staff where id = '{}'", id.uuid());
    let row = house.raw().await.query_one(&question, &[]).await.unwrap();
    row.get(0)
}

/// Signs in while another session has done `act` to the account and has not committed yet.
async fn signs_in_while(act: &str) {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let staff = site.staff("ann", &[StaffRole::Agent]).await;
    let (raw, pid) = holder(&house).await;
    raw.batch_execute(act).await.unwrap();
    let app = house.app.clone();
    let signs = tokio::spawn(async move {
        let from = IpAddr::from([127, 0, 0, 1]);
        let words = ("ann@staff.example", PASSWORD);
        sign_in(&app, &Attempts::default(), from, None, words).await
    });
    // The former password was right when it was read.
    until_waiting(&house, pid, 1).await;
    raw.batch_execute("delete from staff_session; commit")
        .await
        .unwrap();
    let signed = signs.await.unwrap();
    assert!(matches!(signed, Err(SignInError::Refused)), "{signed:?}");
    let sessions = "select count(*) from staff_session";
    assert_eq!(house.number(sessions).await, 0, "{act} of {}", staff.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_made_with_a_password_that_was_replaced_during_sign_in() {
    let hash = Password::parse(NEXT).unwrap().hash(Cost::LIGHT).await;
    let act = format!("update staff set password_hash = '{}'", hash.as_str());
    signs_in_while(&act).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_made_for_an_account_that_was_disabled_during_sign_in() {
    signs_in_while("update staff set disabled_at = now()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_change_does_not_replace_the_password_that_an_admin_set_at_the_same_time() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let staff = site.staff("ann", &[StaffRole::Agent]).await;
    let reset = Password::parse(NEXT).unwrap().hash(Cost::LIGHT).await;
    let (raw, pid) = holder(&house).await;
    let act = format!("update staff set password_hash = '{}'", reset.as_str());
    raw.batch_execute(&act).await.unwrap();
    let (app, id) = (house.app.clone(), staff.id);
    let changes = tokio::spawn(async move {
        let own = Password::parse("the intruder's own password").unwrap();
        let own = own.hash(Cost::LIGHT).await;
        manage::change_password(&app, id, None, PASSWORD, &own).await
    });
    until_waiting(&house, pid, 1).await;
    raw.batch_execute("commit").await.unwrap();
    let changed = changes.await.unwrap();
    assert!(
        matches!(changed, Err(ManageError::WrongPassword)),
        "{changed:?}"
    );
    assert_eq!(hash_of(&house, staff.id).await, reset.as_str());
}
