//! Finding a relay's addresses and connecting to one of them. Each address gets its own time; the next one is
//! begun a moment after the one before it, so that a dead address costs that moment (RFC 8305 §5).

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout};

use super::answer::in_words;
use super::settings::Settings;

/// How long one address is ahead of the next.
const AHEAD: Duration = Duration::from_millis(250);
/// How long an address that did not answer is asked after the others.
const DISTRUST: Duration = Duration::from_secs(60);

/// The addresses of one relay that lately did not answer.
#[derive(Debug, Default)]
pub(super) struct Distrusted(Mutex<HashMap<SocketAddr, Instant>>);

impl Distrusted {
    fn known(&self) -> MutexGuard<'_, HashMap<SocketAddr, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, address: SocketAddr) {
        self.known().insert(address, Instant::now());
    }

    /// Puts those that lately did not answer last; otherwise the order stays.
    fn sort(&self, addresses: &mut [SocketAddr]) {
        let mut known = self.known();
        known.retain(|_, since| since.elapsed() < DISTRUST);
        addresses.sort_by_key(|address| known.contains_key(address));
    }
}

/// The relay's addresses in the order in which they are tried.
///
/// # Errors
/// In words for the operator.
pub(super) async fn addresses(
    relay: &Settings,
    distrusted: &Distrusted,
) -> Result<Vec<SocketAddr>, String> {
    let mut found = match relay.addresses.is_empty() {
        true => looked_up(relay).await?,
        false => {
            let at = |address: &IpAddr| SocketAddr::new(*address, relay.port);
            relay.addresses.iter().map(at).collect()
        }
    };
    distrusted.sort(&mut found);
    Ok(found)
}

async fn looked_up(relay: &Settings) -> Result<Vec<SocketAddr>, String> {
    let host = relay.host.trim_start_matches('[').trim_end_matches(']');
    let unknown = || {
        format!(
            "no address was found for the relay's host {host}: the name does not exist, or the name server did not answer"
        )
    };
    let looked_up = timeout(relay.patience.connect, lookup_host((host, relay.port))).await;
    let mut found: Vec<SocketAddr> = Vec::new();
    for address in looked_up.map_err(|_| unknown())?.map_err(|_| unknown())? {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    match found.is_empty() {
        true => Err(unknown()),
        false => Ok(interleaved(found)),
    }
}

/// Both families in turn, the system's first choice first (RFC 8305 §4).
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut all = Vec::new();
    loop {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

/// Connects to the first of the addresses that answers; each has `patience`.
///
/// # Errors
/// Why the last one could not be reached.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    patience: Duration,
    distrusted: &Distrusted,
) -> Result<(TcpStream, SocketAddr), String> {
    let mut waiting = addresses.iter();
    let mut tried = Vec::new();
    let mut tries = FuturesUnordered::new();
    let mut last = "it has no address".to_owned();
    loop {
        match waiting.next() {
            Some(address) => {
                tried.push(*address);
                tries.push(reach(*address, patience));
            }
            None if tries.is_empty() => return Err(format!("the relay cannot be reached: {last}")),
            None => {}
        }
        let is_last = waiting.len() == 0;
        tokio::select! {
            Some((address, reached)) = tries.next() => match reached {
                Ok(tcp) => {
                    tried.iter().filter(|other| **other != address).for_each(|other| distrusted.add(*other));
                    return Ok((tcp, address));
                }
                Err(why) => {
                    distrusted.add(address);
                    last = why;
                }
            },
            () = sleep(AHEAD), if !is_last => {}
        }
    }
}

async fn reach(address: SocketAddr, patience: Duration) -> (SocketAddr, Result<TcpStream, String>) {
    let reached = match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(tcp)) => Ok(tcp),
        Ok(Err(error)) => Err(in_words(&error)),
        Err(_) => Err(in_words(&io::ErrorKind::TimedOut.into())),
    };
    (address, reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn families_take_turns() {
        let [a, b, c, d] = ["[::1]:1", "[::2]:1", "[::3]:1", "192.0.2.1:1"].map(at);
        assert_eq!(interleaved(vec![a, b, c, d]), [a, d, b, c]);
        assert_eq!(interleaved(vec![d, a, b]), [d, a, b]);
    }

    #[tokio::test]
    async fn an_address_that_drops_packets_costs_a_moment_once() {
        // A listener with a full queue drops further connections without a word.
        let dead = TcpSocket::new_v4().expect("a socket");
        dead.bind(at("127.0.0.1:0")).expect("bound");
        let dead = dead.listen(1).expect("listens");
        let first = dead.local_addr().expect("an address");
        let mut full = Vec::new();
        while let Ok(Ok(tcp)) = timeout(Duration::from_millis(100), TcpStream::connect(first)).await
        {
            full.push(tcp);
            assert!(full.len() < 50, "the queue does not fill");
        }
        let alive = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let second = alive.local_addr().expect("an address");
        let distrusted = Distrusted::default();
        let each = Duration::from_secs(10);
        let (_, answered) = connect(&[first, second], each, &distrusted)
            .await
            .expect("reached");
        assert_eq!(answered, second);
        let mut again = [first, second];
        distrusted.sort(&mut again);
        assert_eq!(again, [second, first]);
        drop(alive);
        let why = connect(&[second], each, &distrusted)
            .await
            .expect_err("nobody there");
        assert_eq!(why, "the relay cannot be reached: connection refused");
    }
}
