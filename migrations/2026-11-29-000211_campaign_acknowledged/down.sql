alter table campaign drop column acknowledged;
