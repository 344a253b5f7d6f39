//! The benchmarks: each measures Candor beside its yardstick in one run.

mod import;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match std::env::args().nth(1).as_deref() {
        Some("import") => import::run().await,
        _ => Err("which benchmark? import".into()),
    }
}
