//! A transaction that met another one was rolled back and is run again, before anybody hears of it.

use super::Error;

/// How often a transaction is run at most. One of two that meet always goes on, so more than a few are rare.
const TIMES: usize = 10;

/// What may come of meeting another transaction in the database.
pub(crate) trait Collision {
    /// Whether two transactions got in each other's way (40001, 40P01), so that the same may succeed at once.
    fn is_collision(&self) -> bool;
}

impl Collision for Error {
    fn is_collision(&self) -> bool {
        matches!(self, Self::Retry)
    }
}

/// Runs a transaction, and again each time that it meets another one, ten times at most. What it did before is rolled
/// back then, so it must begin from the database, not from what an earlier run found.
///
/// # Errors
/// Those of the last run.
pub(crate) async fn retried<T, E: Collision, F: Future<Output = Result<T, E>>>(
    once: impl Fn() -> F,
) -> Result<T, E> {
    let mut run = 1;
    loop {
        match once().await {
            Err(error) if error.is_collision() && run < TIMES => run += 1,
            done => return done,
        }
    }
}
