alter table scope_applied drop column told_too_much;
