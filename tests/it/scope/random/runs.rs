//! The random sequences.

use super::*;

/// The person in the database equals the model's.
async fn equals(desk: &Desk, reference: &str, expected: &Known, seed: u64) {
    let found = desk.person(reference).await.unwrap();
    let email = found.contact.email.as_ref().map(|e| e.as_str().to_owned());
    let listed = Listed {
        email,
        exposed: found.exposed,
        jurisdiction: one_of(
            &JURISDICTIONS,
            found.jurisdiction.as_ref().map_or("", |j| j.as_str()),
        ),
        locale: one_of(&LOCALES, found.locale.as_str()),
        flags: found.flags,
    };
    // The address that refused is visible only in this.
    let reachable = listed.email.is_some() && listed.email != expected.refused;
    assert_eq!(found.reachable, reachable, "seed {seed}, {reference}");
    let found = Known {
        listed,
        named: found.named,
        told: found.told.is_some(),
        refused: expected.refused.clone(),
        standing: found.standing,
    };
    assert_eq!(found.standing, {
        let mut again = found.clone();
        again.stand(found.standing != PersonStanding::Retracted);
        again.standing
    });
    assert_eq!(&found, expected, "seed {seed}, {reference}");
}

async fn walk(seed: u64) {
    let desk = Desk::new().await;
    let (mut dice, mut people) = (Dice::new(seed), BTreeMap::new());
    for step in 0..10 {
        let list = roll_list(&mut dice);
        let mode = if dice.below(2) == 0 {
            ScopeMode::Full
        } else {
            ScopeMode::Delta
        };
        let absent = roll_absent(&mut dice);
        let mut expected = expect(&mut people, &list, mode, &absent);
        let imported = desk.take(mode, &written_without(&list, &absent)).await;
        expected.columns.clone_from(&imported.delta.columns);
        expected.absent.clone_from(&imported.delta.absent);
        assert_eq!(imported.delta, expected, "seed {seed}, step {step}");
        assert_eq!(
            desk.account().await,
            count(&people),
            "seed {seed}, step {step}"
        );
        the_parts_add_up(&desk, &people).await;
        send(&desk, &mut dice, &mut people).await;
        the_parts_add_up(&desk, &people).await;
        assert_eq!(
            desk.account().await,
            count(&people),
            "seed {seed}, step {step} sent"
        );
    }
    for (reference, expected) in &people {
        equals(&desk, reference, expected, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_lists_and_notices_in_any_order_keep_the_account_exact() {
    for seed in [1, 2_021, 0xC0FFEE] {
        walk(seed).await;
    }
}
