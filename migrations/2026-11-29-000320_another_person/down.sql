drop table person_former;
drop table person_origin;
drop index scope_reject_by_reference;
alter table scope_reject drop column bucket, drop column reference_key, drop column row_key;
alter table scope_row drop column marks, drop column other, drop column former_key, drop column former_sealed;
