//! Random octets.

use std::cell::RefCell;

use aws_lc_rs::rand;

/// `N` random octets from the system.
///
/// # Panics
/// If the operating system has no randomness to give; nothing safe can be done then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random octets");
    bytes
}

/// Random octets drawn from the system ahead of their use.
struct Ahead {
    octets: [u8; 4096],
    used: usize,
}

thread_local! {
    static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { octets: [0; 4096], used: 4096 }) };
}

/// `N` random octets (at most 4096) that must not repeat but are no secret: for nonces and ids. Drawn from
/// the system many at a time, since an import needs millions and the system takes a microsecond for each.
///
/// # Panics
/// As [`random`].
pub fn unique<const N: usize>() -> [u8; N] {
    AHEAD.with_borrow_mut(|ahead| {
        if ahead.used + N > ahead.octets.len() {
            ahead.octets = random();
            ahead.used = 0;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&ahead.octets[ahead.used..ahead.used + N]);
        ahead.used += N;
        bytes
    })
}
