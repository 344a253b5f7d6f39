//! A person and a template become finished mail.
