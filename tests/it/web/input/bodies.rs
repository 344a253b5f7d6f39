//! Request bodies that stall, and bodies that would be huge.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use candor::staff::StaffRole::Comms;

use super::raw;
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stalls_ends_and_frees_its_incident() {
    let house = House::with("[http]\nbody_idle_seconds = 1").await;
    Scene::new(&house).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let (base, key) = (site.url.clone(), program.key.clone());
    let stalled = tokio::task::spawn_blocking(move || {
        let headers = format!(
            "Authorization: Bearer {key}\r\nIdempotency-Key: stalls\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n"
        );
        let mut stream = raw::connect(&base);
        let begun = Instant::now();
        let head = raw::post("/api/v1/incidents/sundmere/scopes", &headers);
        stream.write_all(head.as_bytes()).unwrap();
        // More than the import reads before it opens a version.
        let row = "a-1,a1@x.example,Ann,name\n";
        let rows = "reference,email,name,elements\n".to_owned() + &row.repeat(1_500);
        stream.write_all(rows.as_bytes()).unwrap();
        let (status, text) = raw::answer(&mut stream);
        (status, text, begun.elapsed())
    });
    let (status, text, took) = stalled.await.unwrap();
    assert!((400..500).contains(&status), "{status}: {text}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    let seen = program.send(
        "/incidents/sundmere/scopes",
        &[("content-type", "text/csv"), ("idempotency-key", "whole")],
        &list(3, "name"),
    );
    assert_eq!(seen.status, 201, "{}", seen.body);
    assert_eq!(
        house
            .number("select count(*) from scope_version where status = 'importing'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_sent_post_ends() {
    let house = House::with("[http]\nbody_idle_seconds = 1").await;
    let site = Site::open(&house.app).await;
    let base = site.url.clone();
    tokio::task::spawn_blocking(move || {
        for framing in ["Content-Length: 5000\r\n", "Transfer-Encoding: chunked\r\n"] {
            for path in ["/verify", "/console/incidents"] {
                let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
                let mut stream = raw::connect(&base);
                let begun = Instant::now();
                stream
                    .write_all(raw::post(path, &format!("{kind}{framing}")).as_bytes())
                    .unwrap();
                let begin: &[u8] = match framing.starts_with('C') {
                    true => b"code=",
                    false => b"5\r\ncode=\r\n",
                };
                stream.write_all(begin).unwrap();
                let (status, text) = raw::answer(&mut stream);
                let took = begun.elapsed();
                assert!(
                    matches!(status, 401 | 408),
                    "{path} {framing}: {status} {text}"
                );
                assert!(took < Duration::from_secs(6), "{path} {framing}: {took:?}");
            }
        }
        // One octet from time to time is no progress.
        let mut stream = raw::connect(&base);
        let headers = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n";
        stream
            .write_all(raw::post("/verify", headers).as_bytes())
            .unwrap();
        let begun = Instant::now();
        while stream.write_all(b"a").is_ok() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(200));
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
    })
    .await
    .unwrap();
}

/// The program with this limit of file descriptors, so that the test meets the program's limits and not its own.
fn with_descriptors(program: &Program, most: u32) -> Command {
    let mut command = Command::new("sh");
    let run = program.words(&["serve"]);
    command
        .arg("-c")
        .arg(format!("ulimit -n {most}; exec \"$@\""))
        .arg("sh")
        .args(run)
        .envs(program.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_posts_do_not_stop_the_server() {
    let house = House::new().await;
    let program = Program::of(&house).with("CANDOR__HTTP__METRICS_LISTEN", "");
    let mut running = with_descriptors(&program, 256)
        .spawn()
        .map(crate::program::Running::of)
        .unwrap();
    running.until_ready(&program).await;
    let base = program.base();
    let slowest = tokio::task::spawn_blocking(move || {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n";
        let head = raw::post("/verify", kind) + "code=";
        let held: Vec<_> = (0..360)
            .map(|_| {
                let mut stream = raw::connect(&base);
                let _ = stream.write_all(head.as_bytes());
                stream
            })
            .collect();
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let begun = Instant::now();
            let (status, text) = raw::send(
                &base,
                b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            );
            assert_eq!(status, 200, "{text}");
            slowest = slowest.max(begun.elapsed());
        }
        drop(held);
        slowest
    });
    let slowest = slowest.await.unwrap();
    assert!(slowest < Duration::from_secs(6), "{slowest:?}");
    assert_eq!(running.terminate().await.code(), Some(0));
}

/// A gzip stream of 200 MB of zeros, built from repeated blocks so that the test needs no deflate.
fn bomb() -> Vec<u8> {
    // A fixed-Huffman block: a literal 0, then matches of 258 octets at distance 1.
    let mut bits = Bits::default();
    bits.put(1, 1);
    bits.put(0b01, 2);
    bits.huffman(0b0011_0000, 8);
    for _ in 0..200_000_000 / 258 {
        bits.huffman(0b1100_0101, 8);
        bits.huffman(0, 5);
    }
    bits.huffman(0, 7);
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend(bits.octets());
    gzip.extend([0; 8]);
    gzip
}

#[derive(Default)]
struct Bits {
    octets: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Writes bits from the lowest on, as deflate packs them.
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.octets.push(u8::try_from(self.held & 0xff).unwrap());
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// A Huffman code, which is packed from its highest bit on.
    fn huffman(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    fn octets(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.octets
    }
}

/// The resident memory of a process in octets.
pub(super) fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_compressed_bodies_of_200_mb_need_no_memory() {
    let house = House::new().await;
    let program = Program::of(&house).with("CANDOR__HTTP__METRICS_LISTEN", "");
    let mut running = program.start("serve");
    running.until_ready(&program).await;
    let (base, process) = (program.base(), running.id());
    let bomb = std::sync::Arc::new(bomb());
    let before = resident(process);
    let mut all = Vec::new();
    for at in 0..100 {
        let (base, bomb) = (base.clone(), bomb.clone());
        all.push(tokio::task::spawn_blocking(move || {
            let path = ["/verify", "/console/sign-in", "/api/v1/incidents"][at % 3];
            let kind = match at % 3 {
                2 => "Content-Type: application/json",
                _ => "Content-Type: application/x-www-form-urlencoded",
            };
            let headers = format!(
                "{kind}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
                bomb.len()
            );
            let octets = [raw::post(path, &headers).as_bytes(), &bomb[..]].concat();
            raw::send(&base, &octets).0
        }));
    }
    let mut most = before;
    while all.iter().any(|one| !one.is_finished()) {
        most = most.max(resident(process));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for one in all {
        // A client that is refused while it sends may see a connection reset before it reads the answer.
        assert!(matches!(one.await.unwrap(), 415 | 0));
    }
    let grown = most.saturating_sub(before);
    println!(
        "100 bodies of {} octets, 200 MB each: memory grew by {grown} octets",
        bomb.len()
    );
    assert!(grown < 64 << 20, "{grown}");
    assert_eq!(running.terminate().await.code(), Some(0));
}
