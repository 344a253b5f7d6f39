alter table postal_item drop column to_guardian;
