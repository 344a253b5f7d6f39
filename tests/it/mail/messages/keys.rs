//! The keys that sign, and long return paths.

use super::*;

#[test]
fn a_return_path_too_long_for_a_notices_id_stays_as_it_is() {
    let id = NoticeId::in_bucket(3, moment());
    let of = |path: &str| {
        verp(&path.parse().expect("an address"), id)
            .as_str()
            .to_owned()
    };
    let named = of(&format!("{}@bücher.example", "b".repeat(31)));
    let (local, domain) = named.split_once('@').expect("an address");
    assert_eq!((local.len(), domain), (64, "bücher.example"));
    assert!(local.ends_with(&format!("+{}", id.uuid().simple())));
    let long = format!("{}@home.example", "b".repeat(32));
    assert_eq!(of(&long), long);
    let text = format!("[organisation]\nreturn_path = \"{long}\"\n[mail]\nverp = true");
    let why = Config::from_parts(Some(&text), [])
        .expect_err("refused")
        .to_string();
    assert!(why.contains("mail.verp"), "{why}");
}

#[test]
fn a_key_that_others_may_read_or_that_is_malformed_is_named_and_not_quoted() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let file = scratch.path().join("key.pem");
    std::fs::write(&file, "hunter2").expect("written");
    let text = format!(
        "[[mail.dkim]]\ndomain = \"a.example\"\nselector = \"s\"\nkey_file = \"{}\"",
        file.display()
    );
    let config = Config::from_parts(Some(&text), []).expect("valid");
    for (mode, said) in [(0o644, "chmod 600"), (0o600, "PEM")] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode).expect("mine");
        let why = config
            .mail
            .dkim_keys(Signer::new)
            .expect_err("refused")
            .to_string();
        assert!(
            why.contains("mail.dkim[0].key_file") && why.contains(said),
            "{why}"
        );
        assert!(!why.contains("hunter2"), "{why}");
    }
}
