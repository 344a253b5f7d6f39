//! What a server can do, by its answer to EHLO.

use super::answer::Answer;

/// What EHLO offered. Keywords count in any case.
#[derive(Default)]
pub(super) struct Features {
    pub(super) pipelining: bool,
    pub(super) eight_bit: bool,
    pub(super) utf8: bool,
    /// RFC 1870; `Some(0)` sets no limit.
    pub(super) size: Option<usize>,
    pub(super) auth: Auth,
}

/// The ways to sign in that we know.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Auth {
    pub(super) plain: bool,
    pub(super) login: bool,
}

impl Features {
    pub(super) fn read(ehlo: &Answer) -> Self {
        let mut features = Features::default();
        for line in ehlo.text.lines() {
            let line = line.to_ascii_uppercase();
            // `AUTH=PLAIN LOGIN` is what servers wrote before RFC 2554.
            let mut words = line
                .split(|c: char| c.is_ascii_whitespace() || c == '=')
                .filter(|word| !word.is_empty());
            match words.next().unwrap_or_default() {
                "PIPELINING" => features.pipelining = true,
                "8BITMIME" => features.eight_bit = true,
                "SMTPUTF8" => features.utf8 = true,
                "SIZE" => {
                    features.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0));
                }
                "AUTH" => words.for_each(|mechanism| features.auth.add(mechanism)),
                _ => {}
            }
        }
        features
    }
}

impl Auth {
    fn add(&mut self, mechanism: &str) {
        self.plain |= mechanism == "PLAIN";
        self.login |= mechanism == "LOGIN";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Features {
        let text = text.to_owned();
        Features::read(&Answer { code: 250, text })
    }

    #[test]
    fn ehlo_is_read_in_any_case() {
        let features =
            read("mx.example at your service\nsize 1000\nPipelining\n8BITMIME\nSMTPUTF8");
        assert!(features.pipelining && features.eight_bit && features.utf8);
        assert_eq!(features.size, Some(1000));
    }

    #[test]
    fn ways_to_sign_in_are_read_in_any_case_and_form() {
        for (line, plain, login) in [
            ("AUTH PLAIN LOGIN", true, true),
            ("auth plain login", true, true),
            ("AUTH=LOGIN PLAIN", true, true),
            ("AUTH=login", false, true),
            ("auth\tPlain", true, false),
            ("AUTH CRAM-MD5 DIGEST-MD5", false, false),
            ("AUTHENTIC PLAIN", false, false),
        ] {
            let auth = read(&format!("\n{line}\n")).auth;
            assert_eq!(auth, Auth { plain, login }, "{line}");
        }
    }
}
