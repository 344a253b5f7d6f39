//! `script/bench sign`: the cost of a signature, on one core, compared with `openssl speed`'s bare RSA.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use candor::address::EmailAddress;
use candor::mail::dkim::{Signer, Signers};
use candor::mail::{Draft, Letter, Mailbox, compose};
use chrono::DateTime;

use crate::stage::{Failure, Place};

/// The duration of each measurement.
const TIME: Duration = Duration::from_secs(3);
const DOMAIN: &str = "example.com";

/// Measures and prints.
///
/// # Errors
/// Whatever keeps it from measuring.
pub async fn run() -> Result<(), Failure> {
    let place = Place::new("sign")?;
    let pem = |kind: &str| -> Result<String, Failure> {
        let file = place.0.join("key.pem");
        let out = file.display();
        openssl(&format!("genpkey -algorithm {kind} -out {out}"))?;
        Ok(std::fs::read_to_string(&file)?)
    };
    let rsa = pem("RSA -pkeyopt rsa_keygen_bits:2048")?;
    let ed25519 = pem("ed25519")?;
    let signers = |pems: &[&String]| -> Result<Signers, Failure> {
        let each = pems.iter().map(|pem| Signer::new(DOMAIN, "s", pem));
        Ok(each.collect::<Result<Signers, _>>()?)
    };
    let letter = letter()?;
    println!("signing a letter of {} octets", letter.raw.len());
    let bare = bare_rsa()?;
    println!("  openssl speed rsa2048     {bare:>9.0} µs");
    let ours = micros(&signers(&[&rsa])?, &letter);
    println!("  RSA-2048                  {ours:>9.0} µs");
    let small = micros(&signers(&[&ed25519])?, &letter);
    println!("  Ed25519                   {small:>9.0} µs");
    let both = micros(&signers(&[&rsa, &ed25519])?, &letter);
    println!("  both                      {both:>9.0} µs");
    println!("  ratio of RSA to openssl   {:>9.2}", bare / ours);
    Ok(())
}

/// RSA-2048 signatures per second of all cores together; the key is made in `place`, and its path is returned.
///
/// # Errors
/// If a key cannot be made.
pub fn capacity(place: &Path) -> Result<(f64, PathBuf), Failure> {
    let file = place.join("dkim.pem");
    let out = file.display();
    openssl(&format!(
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out {out}"
    ))?;
    let signer = Signer::new(DOMAIN, "s", &std::fs::read_to_string(&file)?)?;
    let (signers, letter) = (Signers::from_iter([signer]), letter()?);
    let cores = std::thread::available_parallelism()?.get();
    let each = std::thread::scope(|all| {
        let core = || all.spawn(|| 1e6 / micros(&signers, &letter));
        let cores: Vec<_> = (0..cores).map(|_| core()).collect();
        cores
            .into_iter()
            .map(|core| core.join().unwrap_or(0.0))
            .sum::<f64>()
    });
    Ok((each, file))
}

fn micros(signers: &Signers, letter: &Letter) -> f64 {
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < TIME {
        black_box(signers.sign(letter.clone()));
        count += 1;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

/// The result of `openssl speed` for one signature.
fn bare_rsa() -> Result<f64, Failure> {
    let said = openssl("speed -seconds 3 rsa2048")?;
    let line = said.lines().find(|line| line.starts_with("rsa 2048"));
    let seconds = line.and_then(|line| line.split_whitespace().nth(3)?.strip_suffix('s'));
    let seconds: f64 = seconds.ok_or("openssl speed cannot be read")?.parse()?;
    Ok(seconds * 1e6)
}

fn openssl(words: &str) -> Result<String, Failure> {
    let done = Command::new("openssl").args(words.split(' ')).output()?;
    if !done.status.success() {
        return Err(format!("openssl {words}: {}", done.status).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// About as long as a notice.
fn letter() -> Result<Letter, Failure> {
    let mailbox = |name: &str, address: &str| -> Result<Mailbox, Failure> {
        let (name, address) = (name.to_owned(), EmailAddress::parse(address)?);
        Ok(Mailbox { name, address })
    };
    let from = mailbox("Example", "notice@example.com")?;
    let words = "somebody copied data from one of our systems; of yours: name, phone number\n";
    Ok(compose(&Draft {
        return_path: from.address.clone(),
        from,
        to: mailbox("Ana Pérez", "ana@home.example")?,
        subject: "About your data".into(),
        text: words.repeat(30),
        html: Some(format!("<p>{}</p>", words.repeat(45))),
        message_id: "1@example.com".into(),
        date: DateTime::from_timestamp(1_629_450_672, 0).ok_or("no moment")?,
        language: "en".into(),
        reply_to: None,
        headers: vec![("Feedback-ID", "c7:candor".into())],
    })?)
}
