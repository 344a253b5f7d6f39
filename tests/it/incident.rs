//! Incidents: the fact sheet, and how an incident ends.

mod closing;
mod dashboard;
mod facts;
