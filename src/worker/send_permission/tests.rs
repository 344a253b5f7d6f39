//! Which batches a sender has, and which of their messages may leave.

use super::*;
use crate::delivery::policy::RelayHold;

fn permission() -> (SendPermission, Arc<RelayState>) {
    let route = crate::worker::Route {
        relay: crate::mail::Relay::from_url("r", "file:///tmp/never").expect("a relay"),
        connections: 1,
        rate_per_second: 0,
        standby: false,
    };
    let relay_state = Arc::new(RelayState::new(route));
    let me = SenderId::from_uuid(uuid::Uuid::nil());
    (
        SendPermission::new(me, &[Arc::clone(&relay_state)]),
        relay_state,
    )
}

fn source(bucket: i32, scope: i32) -> Source {
    Source {
        campaign: CampaignId::from_uuid(uuid::Uuid::nil()),
        incident: IncidentId::from_uuid(uuid::Uuid::nil()),
        bucket,
        scope,
        read_at: Instant::now(),
    }
}

#[test]
fn a_campaign_is_in_hand_until_its_last_batch_is_through() {
    let (permission, relay_state) = permission();
    let of = source(0, 1);
    for (held, expected) in [(true, 1), (true, 1), (false, 1), (false, 0), (true, 1)] {
        match held {
            true => {
                permission.take_up(&of);
            }
            false => permission.put_down(&of),
        }
        assert_eq!(permission.in_use().campaigns.len(), expected);
    }
    assert!(!permission.is_held());
    relay_state.hold(chrono::TimeDelta::milliseconds(500), RelayHold::Away);
    assert!(!permission.is_held(), "it is free in a moment");
    relay_state.hold(chrono::TimeDelta::hours(1), RelayHold::Away);
    assert_eq!(permission.in_use(), InUse::default(), "nothing can be sent");
    assert!(permission.is_held());
}

#[test]
fn the_outbox_is_in_use_from_its_first_message_until_some_seconds_after_the_last() {
    let (permission, _) = permission();
    assert!(!permission.in_use().outbox);
    permission.take_up_outbox();
    assert!(permission.in_use().outbox);
    let mut in_progress = permission.in_progress.lock().expect("no panic");
    in_progress.outbox_at = Instant::now().checked_sub(OUTBOX_BUSY);
    drop(in_progress);
    assert!(!permission.in_use().outbox);
}

#[test]
fn a_notice_is_being_sent_while_it_is_on_a_connection() {
    let (permission, _) = permission();
    let campaign = source(0, 1).campaign;
    let both = [permission.begin(campaign), permission.begin(campaign)];
    assert_eq!(permission.sending(), BTreeMap::from([(campaign, 2)]));
    drop(both);
    assert_eq!(permission.sending(), BTreeMap::new());
}

#[test]
fn the_oldest_version_in_hand_is_asked_for() {
    let (permission, _) = permission();
    let oldest = || permission.in_progress.lock().expect("no panic").oldest();
    let all = [source(3, 2), source(4, 5), source(5, 2)];
    for of in &all {
        permission.take_up(of);
    }
    let incident = all[0].incident;
    for (put_down, expected) in [(0, Some(2)), (2, Some(5)), (1, None)] {
        permission.put_down(&all[put_down]);
        let expected: Vec<_> = expected
            .map(|version| (incident, version))
            .into_iter()
            .collect();
        assert_eq!(oldest(), expected);
    }
}

#[test]
fn a_batch_goes_back_once_its_bucket_has_a_newer_version_and_waits_while_that_is_not_known() {
    let (permission, _) = permission();
    let of = source(7, 1);
    let see = |at: Instant, newer: &[(i32, i32)]| {
        let mut last = permission.last.write().expect("no panic");
        last.at = Some(at);
        let status = CampaignStatus::Sending;
        let seen = Seen {
            status,
            percent: 100,
        };
        last.campaigns.insert(of.campaign, seen);
        let newer = newer.iter();
        last.newer = newer
            .map(|(bucket, scope)| ((of.incident, *bucket), *scope))
            .collect();
    };
    let before = Instant::now();
    let taken_up = before + Duration::from_millis(1);
    see(before, &[]);
    assert_eq!(
        permission.leave(&of, taken_up),
        Leave::Go,
        "it was read just now"
    );
    let slow = Source {
        read_at: before - FRESH,
        ..of
    };
    assert_eq!(
        permission.leave(&slow, taken_up),
        Leave::Wait,
        "no look asked for it"
    );
    see(taken_up, &[(6, 2)]);
    assert_eq!(
        permission.leave(&slow, taken_up),
        Leave::Go,
        "another bucket"
    );
    see(taken_up, &[(7, 1)]);
    assert_eq!(
        permission.leave(&of, taken_up),
        Leave::Go,
        "it was read from that"
    );
    see(taken_up, &[(7, 2)]);
    assert_eq!(permission.leave(&of, taken_up), Leave::Back);
    see(before - FRESH, &[(7, 2)]);
    assert_eq!(
        permission.leave(&of, taken_up),
        Leave::Wait,
        "nothing is known"
    );
}
