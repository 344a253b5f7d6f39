alter table sender drop column began_at;
