-- What its author acknowledged when it was submitted, and who did: languages of readers without a text of their own,
-- and facts that a text quotes in another language. {"fr": "stf_…", "es:what_happened": "stf_…"}
alter table campaign add column acknowledged jsonb not null default '{}';
