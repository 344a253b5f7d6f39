//! The networks in which an address stands, as limits count them.

use std::net::{IpAddr, Ipv6Addr};

/// What one customer of a provider holds at least: an IPv4 address, or an IPv6 /64.
#[must_use]
pub(crate) fn network(address: IpAddr) -> IpAddr {
    within(address, 64)
}

/// The networks of an address, the narrowest first. The holder of an IPv6 /48 has 65,536 networks of 64 bits: the wider
/// ones are counted too.
pub(super) fn networks(address: IpAddr) -> Vec<(IpAddr, Width)> {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => vec![(v4, Width::One)],
        v6 @ IpAddr::V6(_) => vec![
            (within(v6, 64), Width::One),
            (within(v6, 56), Width::Home),
            (within(v6, 48), Width::Site),
        ],
    }
}

/// How many may stand behind one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// A household or an office: an IPv4 address, an IPv6 /64.
    One,
    /// An IPv6 /56, as providers give it to a household.
    Home,
    /// An IPv6 /48, as they give it to a company.
    Site,
}

fn within(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> bits))),
        v4 => v4,
    }
}
