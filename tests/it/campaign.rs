//! Campaigns: audiences, approval, launch, figures, and what pages say of them.

mod acknowledgements;
mod approvals;
mod audience_counts;
mod audiences;
mod concurrent_edits;
mod decisions;
mod drafts;
mod few_people;
mod list_changes;
mod live_figures;
mod numbers;
mod pages;
mod quiet_hours;
mod results;
mod schedules;
mod speed;
mod test_messages;
mod waivers;
mod walk;
