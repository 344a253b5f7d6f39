//! Signing in and out. Attempts are limited per account and per address, in the memory of this process: with several
//! web nodes the limits multiply, and a restart clears them. Wrong notice codes are also counted for all nodes together
//! ([`super::wrong_code`]).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::device::Device;
use super::networks::{Width, networks};
use super::session::Token;
use super::{Staff, password, store};
use crate::actor::{Actor, System};
use crate::address::EmailAddress;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::id::StaffId;
use crate::seal::sha256;

/// Why a sign-in was refused. The words do not tell an unknown account from a wrong password.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown account, wrong password, or a disabled account.
    #[error("the e-mail address or the password is not right")]
    Refused,
    /// Too many attempts; seconds until the next may be made.
    #[error("there were too many attempts: wait {0} seconds, then try again")]
    TooMany(u32),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// An account that has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub staff: Staff,
    /// The new session.
    pub token: Token,
    /// What the browser is to show the next time.
    pub device: String,
}

/// The actor of refused attempts in the audit log.
const DOOR: Actor = Actor::System(System::SignIn);

/// Signs in from the network address `from`; `device` is the token that a former sign-in left in the browser.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(
    app: &App,
    attempts: &Attempts,
    from: IpAddr,
    device: Option<&str>,
    (email, typed): (&str, &str),
) -> Result<SignedIn, SignInError> {
    let now = app.now();
    let email = EmailAddress::parse(email.trim()).ok().map(|e| e.key_form());
    let named = email.as_deref().unwrap_or_default();
    let device = device.and_then(|cookie| Device::parse(&app.keys, cookie, named));
    let refused = |action, subject: String| app.noticed.note(now, DOOR, action, subject, 0);
    attempts.take(from, named, device, now).map_err(|wait| {
        refused(Action::StaffSignInLimited, "sign-in".to_owned());
        SignInError::TooMany(wait)
    })?;
    let account = match &email {
        Some(email) => store::find_by_email(&mut *app.db.get().await?, email).await?,
        None => None,
    };
    let (staff, hash) = account.unzip();
    let fits = password::verify(hash.clone(), typed).await;
    let whose = staff.as_ref().map(|staff| staff.id.to_string());
    let account = staff.zip(hash);
    let Some((staff, hash)) = account.filter(|(staff, _)| fits && staff.disabled_at.is_none())
    else {
        // Never what was typed: it may be a password.
        let whose = whose.unwrap_or_else(|| "unknown account".to_owned());
        refused(Action::StaffSignInRefused, whose);
        return Err(SignInError::Refused);
    };
    let token = Token::new();
    let expires_at = now + TimeDelta::hours(app.config.sessions.staff_hours);
    let mut tx = app.db.begin().await?;
    store::delete_expired_sessions(&mut tx, now).await?;
    // The account may have been disabled, or been given another password, while this one was hashed.
    let span = (now, expires_at);
    if !store::insert_session(&mut tx, staff.id, &hash, &token.hash(), span).await? {
        tx.roll_back().await;
        refused(Action::StaffSignInRefused, staff.id.to_string());
        return Err(SignInError::Refused);
    }
    let actor = Actor::Staff(staff.id);
    audit::store::append(
        &mut tx,
        now,
        actor,
        Action::StaffSignIn,
        staff.id,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    let device = device.unwrap_or_default().to_cookie(&app.keys, named);
    Ok(SignedIn {
        staff,
        token,
        device,
    })
}

/// Ends a session. Doing it twice changes nothing.
///
/// # Errors
/// The database's.
pub async fn sign_out(app: &App, token: Token) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    if let Some(id) = store::delete_session(&mut tx, &token.hash()).await? {
        let actor = Actor::Staff(id);
        audit::store::append(
            &mut tx,
            app.now(),
            actor,
            Action::StaffSignOut,
            id,
            &json!({}),
        )
        .await?;
    }
    tx.commit().await
}

/// How often a client may try: a burst, then one attempt for each interval in seconds.
pub(super) struct Limit {
    burst: i64,
    seconds: i64,
}

const PER_ADDRESS: Limit = Limit {
    burst: 30,
    seconds: 10,
};
/// Of an IPv6 /56, and of a /48: more than one household or office needs, far less than each of its /64 alone
/// would allow.
const PER_HOME: Limit = Limit {
    burst: 90,
    seconds: 4,
};
const PER_SITE: Limit = Limit {
    burst: 240,
    seconds: 2,
};
const PER_ACCOUNT: Limit = Limit {
    burst: 10,
    seconds: 60,
};

/// Beyond this many entries those without effect are dropped.
const CROWDED: usize = 10_000;

/// The attempts of late. Each entry is the moment at which its bucket will be full again, which is
/// all that a token bucket needs to remember (the generic cell rate algorithm).
#[derive(Debug, Default)]
pub struct Attempts {
    full_at: Mutex<Buckets>,
    /// When the limits that all nodes share were swept last.
    swept: Mutex<Option<DateTime<Utc>>>,
    /// Whether those have no room for another network.
    crowded: AtomicBool,
}

/// How often a process sweeps the limits that all nodes share, while it counts wrong codes.
const SWEEP: TimeDelta = TimeDelta::seconds(10);

impl Attempts {
    /// Whether the shared limits are to be swept now.
    pub(super) fn sweeps(&self, now: DateTime<Utc>) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let due = swept.is_none_or(|at| now - at >= SWEEP);
        if due {
            *swept = Some(now);
        }
        due
    }

    /// Says whether the shared limits have room.
    pub(super) fn set_crowded(&self, crowded: bool) {
        self.crowded.store(crowded, Ordering::Relaxed);
    }

    /// Whether they have none.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    /// Whether a client at this address may try another notice code; only wrong ones count.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn may_try_code(&self, from: IpAddr, now: DateTime<Utc>) -> Result<(), u32> {
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        of_networks("codes", from)
            .iter()
            .try_for_each(|(key, limit)| limit.check(&full_at, key, now))
    }

    /// Counts a wrong notice code.
    pub fn count_wrong_code(&self, from: IpAddr, now: DateTime<Utc>) {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut full_at, now);
        for (key, limit) in of_networks("codes", from) {
            limit.count(&mut full_at, key, now);
        }
    }

    /// Counts an attempt of a signed-in account at its own present password.
    ///
    /// # Errors
    /// The seconds to wait if it is one too many; it is not counted then.
    pub fn may_try_own_password(&self, of: StaffId, now: DateTime<Utc>) -> Result<(), u32> {
        let key = sha256(format!("own password {of}").as_bytes());
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut full_at, now);
        PER_ACCOUNT.check(&full_at, &key, now)?;
        PER_ACCOUNT.count(&mut full_at, key, now);
        Ok(())
    }

    /// Counts an attempt: against the account, or against the browser that was in it before.
    ///
    /// # Errors
    /// The seconds to wait if it is one too many; it is not counted then.
    fn take(
        &self,
        from: IpAddr,
        account: &str,
        device: Option<Device>,
        now: DateTime<Utc>,
    ) -> Result<(), u32> {
        let whose = match device {
            Some(device) => format!("browser {}", device.name()),
            None => format!("account {account}"),
        };
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut full_at, now);
        let mut buckets = of_networks("address", from);
        buckets.push((sha256(whose.as_bytes()), PER_ACCOUNT));
        for (key, limit) in &buckets {
            limit.check(&full_at, key, now)?;
        }
        for (key, limit) in buckets {
            limit.count(&mut full_at, key, now);
        }
        Ok(())
    }
}

type Buckets = HashMap<[u8; 32], DateTime<Utc>>;

impl Limit {
    /// The seconds to wait, if one more is one too many.
    fn check(&self, full_at: &Buckets, key: &[u8; 32], now: DateTime<Utc>) -> Result<(), u32> {
        full_at.get(key).map_or(Ok(()), |at| self.wait(*at, now))
    }

    /// The same of a bucket that is full again at `full_at`.
    pub(super) fn wait(&self, full_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), u32> {
        let late = (full_at - now).num_seconds();
        let wait = late + self.seconds - self.burst * self.seconds;
        match wait {
            ..=0 => Ok(()),
            wait => Err(u32::try_from(wait).unwrap_or(u32::MAX)),
        }
    }

    /// In how many seconds one more may be tried.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds as f64
    }

    fn count(&self, full_at: &mut Buckets, key: [u8; 32], now: DateTime<Utc>) {
        let at = full_at.entry(key).or_insert(now);
        *at = (*at).max(now) + TimeDelta::seconds(self.seconds);
    }
}

fn drop_old(full_at: &mut Buckets, now: DateTime<Utc>) {
    if full_at.len() > CROWDED {
        full_at.retain(|_, at| *at > now);
    }
}

/// The buckets of an address and of the networks around it.
pub(super) fn of_networks(what: &str, from: IpAddr) -> Vec<([u8; 32], Limit)> {
    let bucket = |(network, width)| {
        let key = sha256(format!("{what} {width:?} {network}").as_bytes());
        let limit = match width {
            Width::One => PER_ADDRESS,
            Width::Home => PER_HOME,
            Width::Site => PER_SITE,
        };
        (key, limit)
    };
    networks(from).into_iter().map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::networks::network;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_account_is_limited_wherever_the_attempts_come_from() {
        let attempts = Attempts::default();
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        for n in 0..10 {
            assert_eq!(
                attempts.take(address(n), "a@b.example", None, now),
                Ok(()),
                "{n}"
            );
        }
        assert_eq!(
            attempts.take(address(99), "a@b.example", None, now),
            Err(60)
        );
        assert_eq!(attempts.take(address(99), "c@b.example", None, now), Ok(()));
        let later = now + TimeDelta::seconds(60);
        assert_eq!(
            attempts.take(address(99), "a@b.example", None, later),
            Ok(())
        );
        assert_eq!(
            attempts.take(address(99), "a@b.example", None, later),
            Err(60)
        );
    }

    #[test]
    fn an_address_is_limited_whichever_account_it_tries() {
        let attempts = Attempts::default();
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        for n in 0..30 {
            assert_eq!(
                attempts.take(address(1), &n.to_string(), None, now),
                Ok(()),
                "{n}"
            );
        }
        assert_eq!(attempts.take(address(1), "another", None, now), Err(10));
        assert_eq!(attempts.take(address(2), "another", None, now), Ok(()));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one() {
        let [a, b] = ["2001:db8::1", "2001:db8::ffff:1"].map(|a| a.parse().expect("an address"));
        assert_eq!(network(a), network(b));
        assert_eq!(
            network("::ffff:192.0.2.1".parse().expect("an address")),
            address(1)
        );
    }

    #[test]
    fn an_ipv6_site_is_limited_however_many_networks_it_takes() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        let allowed = |bits: u32| {
            let attempts = Attempts::default();
            let of = |n: u128| {
                let base = 0x2001_0db8_u128 << 96 | n << bits;
                attempts.take(IpAddr::V6(base.into()), &n.to_string(), None, now)
            };
            (0..1_000).take_while(|n| of(*n).is_ok()).count()
        };
        assert_eq!(allowed(0), 30);
        // 256 networks of 64 bits to each /56, 90 attempts for each of those.
        assert_eq!(allowed(64), 90);
        assert_eq!(allowed(72), 240);
        assert_eq!(allowed(80), 1_000);
    }
}
