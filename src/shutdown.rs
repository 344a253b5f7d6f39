//! Leaving well: the first signal stops taking work, the second drops it.
