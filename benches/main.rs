//! The benchmarks: each measures Candor and its yardstick in one run and prints both.
#![expect(unreachable_pub, reason = "nothing names what a benchmark has")]

mod delta;
mod import;
mod large;
mod pool;
mod send;
mod sign;
mod stage;
mod take_next;

const NAMES: &str = "send, large, import, sign, take-next, all (status is not written yet)";

#[tokio::main]
async fn main() -> Result<(), stage::Failure> {
    // Cargo passes `--bench` on.
    let name = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    match name.as_deref() {
        Some("import") => import::run().await,
        Some("send") => Box::pin(send::run()).await,
        Some("large") => Box::pin(large::run()).await,
        Some("sign") => sign::run().await,
        Some("take-next") => take_next::run().await,
        Some("all") => {
            sign::run().await?;
            import::run().await?;
            take_next::run().await?;
            Box::pin(send::run()).await
        }
        _ => Err(format!("which benchmark? {NAMES}").into()),
    }
}
