//! Incidents: the fact sheet, and how an incident ends.

mod claims;
mod closing;
mod dashboard;
mod facts;
