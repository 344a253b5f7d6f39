//! Whoever did it: a member of staff, a customer, or the system itself.
