drop table postal_try;
drop table postal_item;
drop table postal_batch;
alter table incident drop column minors;
drop type minors_rule;
drop type postal_status;
drop type postal_state;
drop type postal_kind;
