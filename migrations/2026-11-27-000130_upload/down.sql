alter table scope_version drop column octets_read;
drop table upload_piece;
drop table upload;
