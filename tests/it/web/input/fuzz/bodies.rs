//! A body for each route, before the fuzz spoils it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What the house has, by the name of the path parameter.
type Things = BTreeMap<&'static str, String>;

/// A body that each route accepts.
pub(super) fn good(path: &str, things: &Things) -> Value {
    let thing = |name: &str| things.get(name).cloned().unwrap_or_default();
    let end = path.rsplit('/').next().unwrap_or_default();
    if let Some(body) = of_writing(path, things).or_else(|| of_campaign(path, things)) {
        return body;
    }
    match (path, end) {
        ("/api/v1/incidents", _) => {
            json!({ "slug": "another", "title": "A", "facts": { "what_happened": "b", "contact_phone": "5" } })
        }
        (_, "updates") => json!({ "kind": "known", "body": "News" }),
        (_, "state") => {
            json!({ "to": "notifying", "version": 2, "confirm": { "in_progress": 1, "needs_letter": 1 } })
        }
        (_, "publish") => json!({ "version": 2 }),
        (_, "forget") => json!({ "slug": "another" }),
        (_, "uploads") => json!({ "size": 100 }),
        ("/api/v1/tickets", _) => json!({
            "incident": "sundmere", "channel": "web", "person": thing("person"), "locale": "en", "subject": "s", "text": "What?",
        }),
        (_, "messages") => json!({
            "kind": "reply", "text": "So.", "then": "solved", "reason": "r", "review_at": "2027-01-01T00:00:00Z",
            "resolution": "answered", "version": 1, "seen": 1,
        }),
        (_, "transition") => {
            json!({ "to": "on_hold", "reason": "r", "review_at": "2027-01-01T00:00:00Z", "version": 1 })
        }
        (_, "posted") => json!({ "on": "2026-11-20" }),
        (of, "told") if of.starts_with("/api/v1/letters") => {
            json!({ "on": "2026-11-20", "how": "phone", "who": "Kin" })
        }
        (_, "told") => {
            json!({ "reference": "R-00000", "on": "2026-11-20", "how": "phone", "who": "Kin" })
        }
        (_, "returned") => json!({ "letters": [{ "reference": "r-1", "reason": "moved" }] }),
        (_, "minors") => json!({ "minors": "guardian_letter" }),
        (_, "activate") => json!({ "confirm_rejects": true, "confirm": { "told_too_much": 1 } }),
        ("/api/v1/letters/{batch}/discard", _) | (_, "revoke-links") => json!({}),
        (_, "discard") => json!({ "revision": "ab" }),
        _ => json!({ "reason": "why", "version": 1 }),
    }
}

fn texts() -> Value {
    json!({ "en": { "subject": "Notice", "body": crate::people::BODY }, "es": { "subject": "Aviso", "body": "Hola {{ name }}" } })
}

/// Templates, their check, claims and recalls.
fn of_writing(path: &str, things: &Things) -> Option<Value> {
    let template = things.get("template");
    Some(match path.strip_prefix("/api/v1/")? {
        "templates" => json!({ "name": "n", "variants": texts(), "names": ["name", "ssn"] }),
        "templates/{template}/versions" => json!({ "variants": texts(), "names": ["name"] }),
        "templates/{template}/preview" => {
            json!({ "version": 1, "locale": "en", "incident": "sundmere", "reference": "r-1" })
        }
        "templates/{template}/copy" => json!({ "name": "A copy", "version": 1 }),
        "templates/{template}/delete" => json!({ "version": 1 }),
        "lint" => json!({
            "variants": texts(), "names": ["name"], "incident": "sundmere", "jurisdictions": ["US-CA"], "elements": ["name"],
        }),
        "incidents/{incident}/claims" => json!({
            "key": "offer", "state": "known", "texts": { "en": "We pay for a credit watch.", "es": "Pagamos." }, "version": 2,
        }),
        "incidents/{incident}/recalls" => json!({
            "template": template, "template_version": 1, "words": "was broken into", "corrections": { "en": "It was not." },
        }),
        "recalls/{recall}/publish" | "recalls/{recall}/withdraw" | "recalls/{recall}/discard" => {
            json!({ "version": 1 })
        }
        "recalls/{recall}/draft" => json!({ "template": template, "template_version": 1 }),
        _ => return None,
    })
}

/// Audiences and campaigns.
fn of_campaign(path: &str, things: &Things) -> Option<Value> {
    let template = things.get("template");
    let audience = json!({
        "who": "told_nothing", "jurisdictions": ["US-CA"], "locales": ["en"], "elements": ["name"], "flags": ["minor"],
    });
    let limits = json!({ "rate_per_second": 10, "canary": 5, "finish_by": "2027-01-01T00:00:00Z" });
    let path = path.strip_prefix("/api/v1/")?;
    Some(match path {
        "incidents/{incident}/audience-counts" => json!({
            "kind": "initial", "audience": audience, "template": template, "template_version": 1, "sample": true,
        }),
        "incidents/{incident}/audience-lists" => json!({ "references": ["R-00000", "R-00001"] }),
        "campaigns" => json!({
            "incident": "sundmere", "template": template, "template_version": 1, "kind": "initial",
            "audience": audience, "limits": limits, "on_uncertain": "resend",
        }),
        "campaigns/{campaign}" => json!({
            "version": 3, "name": "Letters", "template": template, "template_version": 1, "kind": "initial",
            "audience": audience, "limits": limits, "on_uncertain": "resend",
        }),
        "campaigns/{campaign}/schedule" => {
            json!({ "version": 3, "at": "2027-01-04T09:00", "zone": "Europe/Berlin", "agreed": true })
        }
        "campaigns/{campaign}/tests" => {
            json!({ "to": [], "locales": ["en"], "elements": ["name"] })
        }
        "campaigns/{campaign}/waivers" | "campaigns/{campaign}/waivers/withdraw" => json!({
            "finding": "en:no-offer", "reason": "Counsel read it and agreed to it.", "version": 3,
        }),
        _ => match path.strip_prefix("campaigns/{campaign}/")? {
            "submit" | "approve" | "reject" | "take-back" | "launch" | "pause" | "resume"
            | "cancel" | "retry" => {
                json!({ "version": 3, "content_hash": "ab", "reason": "why", "acknowledged": ["es"], "comment": "why not" })
            }
            _ => return None,
        },
    })
}
