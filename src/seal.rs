//! Sealing of contact data under a key per incident, and blind indexes.
