alter table scope_row
    drop column own_email_key,
    drop column own_name_key,
    drop column own_contact_key,
    drop column own_sealed;
