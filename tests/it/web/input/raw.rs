//! Requests octet by octet, as no proper client sends them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A connection to the host of `base`.
pub fn connect(base: &str) -> TcpStream {
    let host = base.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// The beginning of a POST to `path` with these headers.
pub fn post(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: candor\r\n{headers}\r\n")
}

/// Sends octets as they are and reads until the server closes; returns the status and the whole answer.
pub fn send(base: &str, octets: &[u8]) -> (u16, String) {
    let (status, text, _) = timed(base, octets);
    (status, text)
}

/// The same, and the time until its last octet. (A server that refuses early waits a second for the rest of the body
/// before it closes.)
pub fn timed(base: &str, octets: &[u8]) -> (u16, String, Duration) {
    let begun = Instant::now();
    let mut stream = connect(base);
    // If the server refuses early, it may stop reading.
    let _ = stream.write_all(octets);
    let (status, text, end) = read(&mut stream);
    (status, text, end.duration_since(begun))
}

/// The answer on a connection.
pub fn answer(stream: &mut TcpStream) -> (u16, String) {
    let (status, text, _) = read(stream);
    (status, text)
}

fn read(stream: &mut TcpStream) -> (u16, String, Instant) {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    let mut end = Instant::now();
    while let Ok(octets) = stream.read(&mut piece) {
        if octets == 0 {
            break;
        }
        end = Instant::now();
        all.extend_from_slice(&piece[..octets]);
    }
    let text = String::from_utf8_lossy(&all).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    // Without an answer, the whole time of waiting counts.
    let end = if text.is_empty() { Instant::now() } else { end };
    (status.unwrap_or(0), text, end)
}
