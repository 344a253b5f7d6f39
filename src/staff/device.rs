//! A browser with a former sign-in. Strangers who guess at an account use up its attempts; theirs must not keep its
//! owner out in the night of a breach. So a browser that was in before has attempts of its own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::seal::{Keyring, random, same};

const NAME_LEN: usize = 16;
const MAC_LEN: usize = 16;

/// The name of such a browser: random, and worth nothing but attempts at one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device([u8; NAME_LEN]);

impl Device {
    /// A browser that was not in before.
    pub(crate) fn new() -> Self {
        Self(random())
    }

    /// Reads a cookie; `None` if we did not write it for this account.
    pub(crate) fn parse(keys: &Keyring, cookie: &str, account: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let (name, mac) = bytes.split_at_checked(NAME_LEN)?;
        let device = Self(name.try_into().ok()?);
        same(&device.mac(keys, account)[..MAC_LEN], mac).then_some(device)
    }

    /// For the cookie.
    pub(crate) fn to_cookie(self, keys: &Keyring, account: &str) -> String {
        URL_SAFE_NO_PAD.encode([&self.0, &self.mac(keys, account)[..MAC_LEN]].concat())
    }

    /// Under which its attempts are counted.
    pub(crate) fn name(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    fn mac(self, keys: &Keyring, account: &str) -> [u8; 32] {
        keys.link_mac(&[b"browser of an account", account.as_bytes(), &self.0])
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_one_account_and_by_what_we_wrote() {
        let keys = Keyring::new(&[1; 32]);
        let device = Device::new();
        let cookie = device.to_cookie(&keys, "ana@staff.example");
        let read = |keys: &Keyring, cookie: &str, account| Device::parse(keys, cookie, account);
        assert_eq!(read(&keys, &cookie, "ana@staff.example"), Some(device));
        assert_eq!(read(&keys, &cookie, "bea@staff.example"), None);
        assert_eq!(
            read(&Keyring::new(&[2; 32]), &cookie, "ana@staff.example"),
            None
        );
        for at in 0..cookie.len() {
            let bent = if cookie.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            let mut forged = cookie.clone();
            forged.replace_range(at..=at, bent);
            assert_eq!(read(&keys, &forged, "ana@staff.example"), None, "{at}");
        }
        for nothing in ["", "A", "not base64!"] {
            assert_eq!(read(&keys, nothing, "ana@staff.example"), None);
        }
    }
}
