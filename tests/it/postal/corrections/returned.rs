//! Letters of correction that come back.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_returned_letter_takes_back_what_only_it_named() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    post.house.app.clock.advance(TimeDelta::hours(1));
    post.delta("a,a@example.org,A,1,1 St,en,US-WA,,name;dob\n")
        .await;
    // The supplement names only what is new.
    let (app, by, of) = (&post.house.app, post.scene.comms, post.scene.incident);
    let text = Variant {
        subject: "One thing more".to_owned(),
        body: "{{#if has.dob}}\nYour date of birth was taken, too.\n{{/if}}\n\nYour page: {{ status_link }}\n\nCode: {{ notice_code }}"
            .to_owned(),
    };
    let variants = Variants::from([("en".to_owned(), text)]);
    let words = edit::Words {
        variants: &variants,
        names: set(&[Element::Dob]),
    };
    let new = NewCampaign {
        incident: of,
        template: edit::create(app, by, "More", words).await.unwrap(),
        template_version: 1,
        kind: CampaignKind::Supplement,
        audience: Audience::default(),
        limits: Limits::default(),
        on_uncertain: UncertainPolicy::Resend,
    };
    let supplement = launch::create(app, by, &new).await.unwrap();
    post.scene.launch(&post.house, supplement).await;
    post.house.send_all().await;
    assert_eq!(post.house.mail.take_sent().len(), 1);
    assert_eq!(post.knows("a").await.1, set(&[Element::Name, Element::Dob]));
    let back = post.returned("reference,reason\na,moved away\n").await;
    assert_eq!(back.returned, 1);
    let (told, named) = post.knows("a").await;
    assert_eq!((told, named), (Some(ToldBy::Email), set(&[Element::Dob])));
    let account = post.account().await;
    assert_eq!((account.notified, account.unnotified_elements), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_letter_that_came_back_by_reference_is_a_letter() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, "2026-11-23").await.unwrap();
    post.delta("a,,A,1,1 St,en,US-WA,,name;dob\n").await;
    post.house.app.clock.advance(TimeDelta::hours(1));
    post.phone("a", "2026-11-23").await.unwrap();
    let back = post.returned("reference,reason\na,moved away\n").await;
    assert_eq!((back.returned, back.refused.len()), (1, 0));
    assert_eq!(post.batch(batch.id).await.returned, 1);
    let (told, named) = post.knows("a").await;
    assert_eq!(
        (told, named),
        (Some(ToldBy::Otherwise), set(&[Element::Name, Element::Dob]))
    );
    // The words are different where the call was not made.
    let not = post.returned("reference,reason\na,not told\n").await;
    assert_eq!(not.not_posted, 1);
    assert_eq!(post.knows("a").await.0, None);
    post.account().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_without_a_postal_address_there_is_no_letter() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\nb,,B,2,,en,US-WA,,name\n").await;
    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), ["a"]);
    assert_eq!((batch.people, batch.without_address), (1, 1));
    post.posted(batch.id, "2026-11-23").await.unwrap();
    assert_eq!(post.figures().await, [1, 1, 0, 0, 1, 0]);
    let none = post.take(PostalKind::Letter, false).await;
    assert!(
        matches!(
            none,
            Err(PostalError::NoAddress {
                people: 1,
                waiting: 0
            })
        ),
        "{none:?}"
    );
    let site = Site::open(&post.house.app).await;
    let staff = site.signed_in("ana", &[StaffRole::Comms]).await;
    let seen = staff.get("/console/incidents/sundmere/letters").body;
    assert!(
        seen.contains("1 person has no postal address: they need one"),
        "{seen}"
    );
    let listed = staff.get("/console/incidents/sundmere/letters/without-address?kind=letter");
    assert_eq!(listed.body, "reference,address,postcode\nb,,\n");
    let program = site.program(&[StaffRole::Comms]).await;
    let listed = program.get("/incidents/sundmere/letters/without-address");
    assert_eq!(listed.body, "reference,address,postcode\nb,,\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn b18_no_person_was_told_before_a_list_named_them() {
    let post = Post::with("a,,A,1,1 St,en,US-WA,,name\n").await;
    let early = post.phone("a", "2020-01-01").await;
    assert!(
        matches!(early, Err(PostalError::BeforeListed { .. })),
        "{early:?}"
    );
    post.phone("a", "2026-11-23").await.unwrap();
}
