//! Templates, campaigns and notices.

use super::checks::{findings, readiness};
use super::*;

fn campaign_row(
    id: &str,
    name: &str,
    kind: &str,
    status: CampaignStatus,
    sent: i64,
) -> CampaignRow {
    CampaignRow {
        id: id.into(),
        name: name.into(),
        incident: "Data theft of August 2021".into(),
        kind: kind.into(),
        about: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC, to people who were told nothing so far".into(),
        status,
        void: String::new(),
        sent: Some((sent, 54_600_000)),
    }
}

pub(super) fn campaign_rows() -> Vec<CampaignRow> {
    vec![
        campaign_row(
            "cam_2",
            "Supplement: phone and IMEI",
            "supplement",
            CampaignStatus::InReview,
            0,
        ),
        campaign_row(
            "cam_1",
            "Notice of data breach",
            "initial",
            CampaignStatus::Sending,
            48_213_004,
        ),
        campaign_row("cam_0", HOSTILE, "initial", CampaignStatus::Cancelled, 0),
    ]
}

fn counts() -> Counts {
    Counts {
        queued: 6_070_180,
        sending: 64,
        sent: 48_213_004,
        deferred: 12_410,
        bounced: 301_889,
        uncertain: 14,
        withheld: 2_113,
        ..Counts::default()
    }
}

fn came() -> Outcomes {
    let reply = |code: &str, words: &str, count| ReplyRow {
        code: code.into(),
        words: words.into(),
        count,
    };
    let part = |name: &str, sent, deferred, refused| Part {
        name: name.into(),
        sent,
        deferred,
        refused,
    };
    Outcomes {
        left_out: LeftOut {
            changed: 12,
            no_address: 3,
            not_affected: 2,
            already_told: 1,
        },
        chart: Some(design::chart(now())),
        replies: vec![
            reply("250", "taken", 48_213_004),
            reply("550 5.1.1", "no such mailbox", 288_412),
            reply("421 4.7.0", "too many at once", 12_410),
        ],
        relays: vec![
            RelayRow {
                state: "open".into(),
                connections: 64,
                part: part("primary", 48_213_000, 12_410, 301_889),
            },
            RelayRow {
                state: "held for 4 min: it is away".into(),
                connections: 0,
                part: part("second", 4, 0, 0),
            },
        ],
        providers: vec![
            part("google", 20_118_004, 9_004, 88_412),
            part("other", 28_095_000, 3_406, 213_477),
        ],
    }
}

fn content() -> Content {
    Content {
        template: "tpl_1".into(),
        template_name: "Notice of data breach".into(),
        template_version: 3,
        locales: ["en", "es", "ar", "zh-Hans", "vi", "tl", "ko", "ru"]
            .map(String::from)
            .into(),
        audience: "everyone in scope v2 not yet notified".into(),
        public_url: "https://help.northline.example".into(),
        from: "Northline <notice@northline.example>".into(),
        names: String::new(),
        rate: "8,000 a second".into(),
        limits: Vec::new(),
        canary: "1 % of the people in scope, 1,000 at most; no canary for fewer than 1,000 people"
            .into(),
        through_by: None,
        launch_at: "Monday 30 November 2026, 02:00 UTC".into(),
        quiet: "22:00 to 08:00 America/New_York".into(),
        on_uncertain: "do not send again".into(),
        texts: vec![Words {
            locale: "en".into(),
            language: "English".into(),
            subject: "Notice of data breach".into(),
            text: "Dear Alex Example,\n\nSomebody copied your data.".into(),
        }],
        not_affected: vec![Words {
            locale: "en".into(),
            language: "English".into(),
            subject: "Notice of data breach".into(),
            text: "Dear Alex Example,\n\nWe were wrong: nothing of yours was copied.".into(),
        }],
        missing: vec!["contact_hours".into()],
        hash: "9f2c41d08be7a3f5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d".into(),
        author: "Ada Moreno".into(),
        approved: Some(done("Ines Duarte", "approved", 140)),
    }
}

fn campaign() -> CampaignPage {
    CampaignPage {
        maybe_arrived: Some(0),
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        slug: "august-2021".into(),
        incident: "Data theft of August 2021".into(),
        kind: "initial".into(),
        which: "no. 1, initial, launched 20 Aug 2021, 06:10 UTC".into(),
        status: CampaignStatus::Sending,
        version: 12,
        total: Some(54_600_000),
        is_whole: true,
        is_held: false,
        defaults: Vec::new(),
        counts: counts(),
        pace: "6,120/s · about 17 min left".into(),
        deadline: "deadline CA in 21 days".into(),
        speed: "As fast as approved. The helpline waits 6 min; above 15 min sending slows down."
            .into(),
        buttons: vec![
            action("pause", "Pause", "", "", ""),
            action(
                "cancel",
                "Cancel",
                "danger",
                "What was not sent yet is never sent by this campaign. It cannot be resumed.",
                "",
            ),
        ],
        void: String::new(),
        changed: Vec::new(),
        rejection: String::new(),
        doubt: String::new(),
        readiness: None,
        findings: findings(),
        faults: Faults::default(),
        content: content(),
        outcomes: came(),
        log: log(),
        has_older_acts: true,
        as_of: row(0),
        is_again: false,
        head: drafts::head(),
    }
}

fn campaign_in_review() -> CampaignPage {
    CampaignPage {
        status: CampaignStatus::InReview,
        total: Some(7_800_000),
        kind: "supplement".into(),
        name: "Supplement: phone and IMEI".into(),
        counts: Counts::default(),
        pace: String::new(),
        speed: String::new(),
        buttons: vec![
            action(
                "approve",
                "Approve",
                "",
                "",
                "You drafted it. Another person has to approve.",
            ),
            action(
                "cancel",
                "Cancel",
                "danger",
                "It cannot be taken up again.",
                "",
            ),
        ],
        content: Content {
            approved: None,
            ..campaign().content
        },
        readiness: Some(readiness()),
        outcomes: Outcomes::default(),
        ..campaign()
    }
}

pub(super) fn new_campaign() -> NewCampaign {
    NewCampaign {
        incidents: vec![choice("august-2021", "Data theft of August 2021")],
        templates: vec![choice("tpl_1", "Notice of data breach, version 3")],
        kinds: ["initial", "supplement", "correction"]
            .map(|k| choice(k, k))
            .into(),
        audiences: vec![choice("unnotified", "Everyone not yet notified: 667,000")],
        incident: "august-2021".into(),
        template: "tpl_1".into(),
        kind: "supplement".into(),
        audience: "unnotified".into(),
        elements: "ssn".into(),
        jurisdictions: "US-CA".into(),
        locales: "es".into(),
        flags: String::new(),
        maybe: true,
        rate: "fast".into(),
        name: "First notice, California".into(),
        policies: vec![choice("resend", "Send it again with the same Message-ID")],
        policy: "resend".into(),
        zone: "America/Los_Angeles".into(),
        launch_on: "2026-11-30".into(),
        launch_at: "02:00".into(),
        quiet_from: "22:00".into(),
        quiet_to: "08:00".into(),
        faults: fault(
            "rate",
            "Enter a whole number, such as 500. 0 means no limit.",
        ),
        ..NewCampaign::default()
    }
}

fn notices(status: NoticeStatus) -> Notices {
    let notice = |reference: &str, address: &str, status, attempts, reply: &str| NoticeRow {
        id: "ntc_1".into(),
        reference: reference.into(),
        address: address.into(),
        locale: "en".into(),
        status,
        attempts,
        reply: reply.into(),
        at: row(attempts * 7),
        next: (status == NoticeStatus::Deferred).then(|| row(30)),
    };
    Notices {
        desk: desk(Area::Campaigns),
        id: "cam_1".into(),
        name: "Notice of data breach".into(),
        status: Some(status),
        counts: counts(),
        notices: vec![
            notice(
                "C-1000204",
                "a•••@e•••.com",
                NoticeStatus::Sent,
                1,
                "250 2.0.0 accepted",
            ),
            notice(
                "C-1000205",
                "m•••@m•••.org",
                NoticeStatus::Deferred,
                3,
                "421 4.7.0 too many connections; next try at 03:20",
            ),
            notice(
                "C-1000206",
                "",
                NoticeStatus::Withheld,
                0,
                "no e-mail address: letter",
            ),
        ],
        next: Some("cursor==".into()),
        may_find: true,
        reference: String::new(),
        faults: Faults::default(),
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    add(
        "c_campaigns",
        &Campaigns {
            desk: desk(Area::Campaigns),
            campaigns: campaign_rows(),
            new: Some(new_campaign()),
        },
    );
    add("c_campaign", &campaign());
    add(
        "c_campaign_paused",
        &CampaignPage {
            status: CampaignStatus::Paused,
            is_held: true,
            buttons: vec![action("resume", "Resume", "", "", "")],
            pace: "paused by Candor: 5.2 % bounced".into(),
            ..campaign()
        },
    );
    add("c_campaign_review", &campaign_in_review());
    add("c_notices", &notices(NoticeStatus::Deferred));
}
