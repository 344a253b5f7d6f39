//! The benchmarks: each measures Candor beside its yardstick in one run and prints both.

mod delta;
mod import;
mod large;
mod pool;
mod send;
mod sign;
mod stage;

const NAMES: &str = "send, large, import, sign, all (status and take-next are not written yet)";

#[tokio::main]
async fn main() -> Result<(), stage::Failure> {
    // Cargo hands `--bench` on.
    let name = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    match name.as_deref() {
        Some("import") => import::run().await,
        Some("send") => send::run().await,
        Some("large") => large::run().await,
        Some("sign") => sign::run().await,
        Some("all") => {
            sign::run().await?;
            import::run().await?;
            send::run().await
        }
        _ => Err(format!("which benchmark? {NAMES}").into()),
    }
}
