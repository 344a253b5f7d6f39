//! What an import prints at its end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::cli::say;
use crate::scope::delta::Delta;
use crate::scope::import::Imported;

/// Prints the result of an import, for people or as JSON. `took` is how long the import and the activation took.
pub(super) fn print(
    imported: &Imported,
    status: &str,
    rejects: Option<&Path>,
    [import, activate]: [Duration; 2],
    as_json: bool,
) -> Result<()> {
    if as_json {
        return say(as_document(imported, status, rejects, [import, activate]));
    }
    let delta = &imported.delta;
    say(format!(
        "scope version {} is {status}: {} rows accepted, {} rejected",
        imported.version, imported.accepted, imported.rejected
    ))?;
    if let Some(lines) = imported.lines {
        let replaced = (delta.replaced, delta.refused_again);
        say(lines.sum(imported.accepted, imported.rejected, replaced))?;
        if lines.ends_open {
            say("the last line has no line break: if the file was cut off, its end is missing")?;
        }
    }
    say(format!(
        "people: {} added, {} retracted, {} gain elements, {} lose elements, {} changed otherwise, {} unchanged",
        delta.people_added,
        delta.people_retracted,
        delta.elements_added,
        delta.elements_retracted,
        delta.contact_changes,
        delta.unchanged
    ))?;
    for line in other_changes(delta) {
        say(line)?;
    }
    match rejects {
        Some(path) => say(format!("refused rows, with reasons: {}", path.display())),
        None => Ok(()),
    }
}

fn as_document(
    imported: &Imported,
    status: &str,
    rejects: Option<&Path>,
    [import, activate]: [Duration; 2],
) -> serde_json::Value {
    let lines = imported.lines;
    json!({
        "version": imported.version, "status": status, "accepted": imported.accepted,
        "rejected": imported.rejected, "lines": lines.map(|of| of.lines),
        "header_lines": lines.map(|of| of.header), "blank": lines.map(|of| of.blank),
        "continued_lines": lines.map(|of| of.continued),
        "ends_open": lines.map(|of| of.ends_open),
        "delta": imported.delta, "rejects": rejects,
        "seconds": {
            "import": import.as_secs_f64(), "activate": activate.as_secs_f64(),
        },
    })
}

/// The other changes of a version, one line for each that is not zero.
fn other_changes(delta: &Delta) -> Vec<String> {
    let by_flag = |flags: &BTreeMap<String, i64>| {
        let each: Vec<_> = flags
            .iter()
            .map(|(flag, n)| format!("{n} {flag}"))
            .collect();
        each.join(", ")
    };
    let lifted = delta.flags_lifted.clone().unwrap_or_default();
    let mut lines = Vec::new();
    if !delta.flags_set.is_empty() {
        lines.push(format!("flags set: {}", by_flag(&delta.flags_set)));
    }
    if !lifted.is_empty() {
        lines.push(format!("flags lifted: {}", by_flag(&lifted)));
    }
    if delta.identity_changes > 0 {
        lines.push(format!(
            "references that seem to name another person: {}, {} of the former people told before",
            delta.identity_changes, delta.identity_changes_told
        ));
    }
    for (people, words) in [
        (delta.emails_lost, "people who lose their e-mail address"),
        (delta.addresses_lost, "people who lose their postal address"),
        (
            delta.told_too_much,
            "people told of data that the list takes back",
        ),
        (
            delta.kept,
            "people on refused lines only, who stay as they were",
        ),
        (
            delta.replaced - delta.refused_again,
            "rows of earlier files replaced or corrected",
        ),
        (
            delta.replaced_accepted,
            "accepted rows among them whose new row says something else",
        ),
        (
            delta.refused_again,
            "refused rows sent again and refused again",
        ),
    ] {
        if people > 0 {
            lines.push(format!("{words}: {people}"));
        }
    }
    if !delta.absent.is_empty() {
        let absent = delta.absent.join(", ");
        lines.push(format!(
            "columns that the file does not have, of which nothing changes: {absent}"
        ));
    }
    lines
}
