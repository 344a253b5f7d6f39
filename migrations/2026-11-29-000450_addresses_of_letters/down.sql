alter table postal_item drop column address_key;
