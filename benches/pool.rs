//! The rate of lettre's own connection pool with finished messages: the yardstick for driving its connections
//! ourselves.

use std::sync::Arc;
use std::time::Instant;

use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::stage::Failure;

/// As many as Candor's connections.
const CONNECTIONS: u32 = 64;

/// Messages per second of `messages` copies of a message; nothing is recorded.
///
/// # Errors
/// If one is refused.
pub async fn rate(port: u16, messages: u64, letter: &[u8]) -> Result<f64, Failure> {
    let pool = PoolConfig::new().max_size(CONNECTIONS);
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(port)
        .pool_config(pool)
        .build();
    let from = Some("notice@sundmere.example".parse()?);
    let envelope = Envelope::new(from, vec!["person@example.org".parse()?])?;
    let letter: Arc<[u8]> = letter.into();
    let begun = Instant::now();
    let hands = (0..u64::from(CONNECTIONS)).map(|hand| {
        let (transport, envelope, letter) = (transport.clone(), envelope.clone(), letter.clone());
        tokio::spawn(async move {
            for _ in (hand..messages).step_by(CONNECTIONS as usize) {
                transport.send_raw(&envelope, &letter).await?;
            }
            Ok::<_, lettre::transport::smtp::Error>(())
        })
    });
    for hand in hands.collect::<Vec<_>>() {
        hand.await??;
    }
    Ok(messages as f64 / begun.elapsed().as_secs_f64())
}
