//! Which transaction waits for which while letters are listed, lists come into force and an incident is forgotten.

use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::id::BUCKETS;
use candor::notice::freeze;
use candor::person;
use candor::postal::returned::returned;
use candor::postal::{How, PostalError, PostalKind, Telling, slips, told};
use candor::scope::ScopeMode;
use candor::ticket::intake;

use super::{Post, day, people, without_mail};

const MAILED: &str = "m,m@example.org,M,1,1 St,en,US-WA,,name\n";

impl Post {
    /// A leaked reference, which the tasks may keep.
    async fn kept(rows: &str) -> &'static Self {
        Box::leak(Box::new(Self::with(rows).await))
    }

    /// Waits until this number of sessions of this house wait for a lock.
    async fn wait(&self, sessions: i64) {
        let question =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid in
            (select pid from pg_locks l join pg_class c on c.oid = l.relation
             where c.relnamespace = current_schema()::regnamespace)";
        for _ in 0..3_000 {
            if self.house.number(question).await == sessions {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{sessions} sessions do not wait");
    }

    /// Locks all people, as senders do one bucket at a time; an error if another session keeps one of them locked.
    async fn lock_people(&self) -> Result<candor::db::Tx, candor::db::Error> {
        let mut tx = self.house.app.db.begin().await?;
        person::store::lock(&mut tx, self.scene.incident, 0..BUCKETS).await?;
        Ok(tx)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_ask_while_a_list_of_letters_is_taken() {
    let post = Post::kept(&[MAILED, &without_mail(3)].concat()).await;
    let raw = post.house.raw().await;
    raw.batch_execute("begin; lock table postal_item in share mode")
        .await
        .unwrap();
    let taking = tokio::spawn(post.take(PostalKind::Letter, false));
    post.wait(1).await;
    let (of, by) = (post.scene.incident, post.person("m").await.id);
    intake::ask(&post.house.app, of, by, "", "And now?")
        .await
        .unwrap();
    raw.batch_execute("commit").await.unwrap();
    let (batch, _) = taking.await.unwrap().unwrap();
    assert_eq!(batch.people, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_settle_people_while_an_activation_waits_for_the_incident() {
    let post = Post::kept(&without_mail(3)).await;
    let more = people("new,,New,1,1 St,en,US-WA,,name\n");
    let version = post.scene.read(&post.house, ScopeMode::Delta, &more).await;
    let raw = post.house.raw().await;
    raw.batch_execute("begin; select from incident for share")
        .await
        .unwrap();
    let activating = tokio::spawn(post.scene.activate(&post.house, version));
    post.wait(1).await;
    post.lock_people().await.unwrap().commit().await.unwrap();
    raw.batch_execute("commit").await.unwrap();
    activating.await.unwrap();
    assert_eq!(post.figures().await, [0, 0, 0, 0, 4, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_settle_people_while_an_incident_is_changed_and_its_audience_waits() {
    let post = Post::kept(MAILED).await;
    post.scene
        .launched(&post.house, CampaignKind::Initial)
        .await;
    let raw = post.house.raw().await;
    raw.batch_execute("begin; select from incident for no key update")
        .await
        .unwrap();
    assert!(
        !freeze::step(&post.house.app).await.unwrap(),
        "it is another campaign's turn"
    );
    post.lock_people().await.unwrap().commit().await.unwrap();
    raw.batch_execute("commit").await.unwrap();
    assert!(freeze::step(&post.house.app).await.unwrap());
    post.house.send_all().await;
    assert_eq!(post.figures().await, [1, 0, 0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_of_people_who_are_being_forgotten() {
    let post = Post::kept(&without_mail(2)).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    post.delta("new,,New,1,1 St,en,US-WA,,name\n").await;
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let books = "select count(*) from postal_item where status = 'posted'";
    assert_eq!(post.house.number(books).await, 2);
    // The lock that forgetting has on the incident, while senders lock its people.
    let raw = post.house.raw().await;
    raw.batch_execute("begin; select from incident for update")
        .await
        .unwrap();
    let people = post.lock_people().await.unwrap();
    let telling: &Telling = Box::leak(Box::new(Telling::new(How::Phone, "herself").unwrap()));
    let telling = told::told(app, by, of, "new", day("2026-11-23"), telling);
    let telling = tokio::spawn(telling);
    let slips = slips::read(b"reference,reason\nr0,moved\n").unwrap();
    let returning = tokio::spawn(returned(app, by, of, None, slips));
    post.wait(2).await;
    raw.batch_execute("update incident set wrapped_key = null, forgotten_at = now(); commit")
        .await
        .unwrap();
    people.commit().await.unwrap();
    let told = telling.await.unwrap();
    assert!(matches!(told, Err(PostalError::Forgotten)), "{told:?}");
    let back = returning.await.unwrap();
    assert!(matches!(back, Err(PostalError::Forgotten)), "{back:?}");
    assert_eq!(post.house.number(books).await, 2);
}
