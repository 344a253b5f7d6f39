//! Which batches a sender has, and which of their messages may leave.

use super::*;

fn gate() -> (Gate, Arc<Trunk>) {
    let route = crate::worker::Route {
        relay: crate::mail::Relay::from_url("r", "file:///tmp/never").expect("a relay"),
        connections: 1,
        rate_per_second: 0,
        standby: false,
    };
    let trunk = Arc::new(Trunk::new(route));
    let me = SenderId::from_uuid(uuid::Uuid::nil());
    (Gate::new(me, &[Arc::clone(&trunk)]), trunk)
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
    let (gate, trunk) = gate();
    let of = source(0, 1);
    for (held, expected) in [(true, 1), (true, 1), (false, 1), (false, 0), (true, 1)] {
        match held {
            true => {
                gate.take_up(&of);
            }
            false => gate.put_down(&of),
        }
        assert_eq!(gate.in_hand().len(), expected);
    }
    assert!(!gate.is_held());
    trunk.hold(chrono::TimeDelta::milliseconds(500), "it is away");
    assert!(!gate.is_held(), "it is free in a moment");
    trunk.hold(chrono::TimeDelta::hours(1), "it is away");
    assert_eq!(gate.in_hand(), [], "nothing of it can be sent");
    assert!(gate.is_held());
}

#[test]
fn a_notice_is_being_sent_while_it_is_on_a_connection() {
    let (gate, _) = gate();
    let campaign = source(0, 1).campaign;
    let both = [gate.begin(campaign), gate.begin(campaign)];
    assert_eq!(gate.sending(), BTreeMap::from([(campaign, 2)]));
    drop(both);
    assert_eq!(gate.sending(), BTreeMap::new());
}

#[test]
fn the_oldest_version_in_hand_is_asked_for() {
    let (gate, _) = gate();
    let oldest = || gate.hands.lock().expect("no panic").oldest();
    let all = [source(3, 2), source(4, 5), source(5, 2)];
    for of in &all {
        gate.take_up(of);
    }
    let incident = all[0].incident;
    for (put_down, expected) in [(0, Some(2)), (2, Some(5)), (1, None)] {
        gate.put_down(&all[put_down]);
        let expected: Vec<_> = expected
            .map(|version| (incident, version))
            .into_iter()
            .collect();
        assert_eq!(oldest(), expected);
    }
}

#[test]
fn a_batch_goes_back_once_its_bucket_has_a_newer_version_and_waits_while_that_is_not_known() {
    let (gate, _) = gate();
    let of = source(7, 1);
    let see = |at: Instant, newer: &[(i32, i32)]| {
        let mut last = gate.last.write().expect("no panic");
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
    assert_eq!(gate.leave(&of, taken_up), Leave::Go, "it was read just now");
    let slow = Source {
        read_at: before - FRESH,
        ..of
    };
    assert_eq!(
        gate.leave(&slow, taken_up),
        Leave::Wait,
        "no look asked for it"
    );
    see(taken_up, &[(6, 2)]);
    assert_eq!(gate.leave(&slow, taken_up), Leave::Go, "another bucket");
    see(taken_up, &[(7, 1)]);
    assert_eq!(
        gate.leave(&of, taken_up),
        Leave::Go,
        "it was read from that"
    );
    see(taken_up, &[(7, 2)]);
    assert_eq!(gate.leave(&of, taken_up), Leave::Back);
    see(before - FRESH, &[(7, 2)]);
    assert_eq!(gate.leave(&of, taken_up), Leave::Wait, "nothing is known");
}
