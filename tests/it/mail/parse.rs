//! Messages read back by another implementation: Python's `email`, in strict policy.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use candor::mail::{compose, one_line};
use serde_json::json;

use super::{Scratch, did_not_run, draft};

/// Reads `[{file, name, subject, text}]`, compares, prints what differs and counts.
const READ: &str = r#"
import email, email.header, email.policy, email.utils, json, sys
def name_in(raw, header):
    "By the older parser: the newer puts spaces between the encoded words of one name (RFC 2047 6.2)."
    field = email.message_from_bytes(raw, policy=email.policy.compat32)[header]
    return str(email.header.make_header(email.header.decode_header(email.utils.parseaddr(field)[0])))
policy = email.policy.default.clone(raise_on_defect=True)
bad = 0
for case in json.load(sys.stdin):
    raw = open(case["file"], "rb").read()
    wrong = []
    def same(what, got, wanted):
        if got != wanted: wrong.append("%s: %a, not %a" % (what, got, wanted))
    if raw.replace(b"\r\n", b"").count(b"\r") or raw.replace(b"\r\n", b"").count(b"\n"):
        wrong.append("a bare CR or LF")
    if max(map(len, raw.split(b"\r\n"))) > 998: wrong.append("a line over 998")
    try:
        mail = email.message_from_bytes(raw, policy=policy)
        same("headers", mail.keys(), ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
            "Content-Language", "MIME-Version", "Content-Type"])
        for header in mail.values():
            if header.defects: wrong.append("defects: %r" % (header.defects,))
        for header in "To", "From":
            name = mail[header].addresses[0].display_name
            if raw.count(b"=?utf-8?b?", 0, raw.index(b"Subject:")) > 2: name = name_in(raw, header)
            same(header, name, case["name"])
        same("count of recipients", len(mail["To"].addresses), 1)
        same("address", mail["To"].addresses[0].addr_spec, "ann.example@home.example")
        same("subject", mail["Subject"], case["subject"])
        parts = list(mail.iter_parts())
        same("parts", [part.get_content_type() for part in parts], ["text/plain", "text/html"])
        for part in parts:
            if part.defects: wrong.append("defects: %r" % (part.defects,))
            same("text", part.get_content().replace("\r\n", "\n"), case["text"])
    except Exception as error:
        wrong.append("does not parse: %r" % error)
    if wrong:
        bad += 1
        print(case["file"], *(what[:400] for what in wrong), sep="\n  ")
print(bad)
"#;

#[test]
fn hostile_names_subjects_and_texts_read_back_equal() {
    let name = "hostile_names_subjects_and_texts_read_back_equal";
    let corpus =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/naughty-strings/blns.json");
    let Ok(corpus) = std::fs::read(corpus) else {
        return did_not_run(name, "corpora/naughty-strings");
    };
    let mut texts: Vec<String> = serde_json::from_slice(&corpus).expect("a list of strings");
    texts.extend([
        "x".repeat(3000),
        "é".repeat(3000),
        "word ".repeat(600),
        "a, \"b\" <c@d>; (e) \\ f".into(),
        "=?utf-8?q?not_encoded?=".into(),
        "From here\nFrom there\n.\n..\n--=_candor_alternative\n--\n".into(),
        "two  spaces".into(),
        "😀".repeat(100),
        "\r\n\r\nBcc: all@example.com\r\n\r\nbody".into(),
    ]);
    let scratch = Scratch::new();
    let cases: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let mut draft = draft(1);
            draft.from.name.clone_from(text);
            draft.to.name.clone_from(text);
            draft.subject.clone_from(text);
            draft.text.clone_from(text);
            draft.html = Some(text.clone());
            let file = scratch.path().join(format!("{number}.eml"));
            std::fs::write(&file, compose(&draft).expect("composes").raw).expect("written");
            let mut lines = text.replace("\r\n", "\n").replace('\r', "\n");
            if !lines.is_empty() && !lines.ends_with('\n') {
                lines.push('\n');
            }
            json!({"file": file, "name": one_line(text), "subject": one_line(text), "text": lines})
        })
        .collect();
    let python = Command::new("python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        return did_not_run(name, "python3");
    };
    let input = serde_json::to_vec(&cases).expect("JSON");
    python
        .stdin
        .take()
        .expect("piped")
        .write_all(&input)
        .expect("read by Python");
    let output = python.wait_with_output().expect("ends");
    let output = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.trim(), "0", "of {} messages", cases.len());
}
