-- The elements that a template's texts name by words, as bits. What `{{ elements }}` lists needs no declaration.
alter table template_version add column names bigint not null default 0;
