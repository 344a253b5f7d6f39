alter table scope_version drop column reject_groups;
