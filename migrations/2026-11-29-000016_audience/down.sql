drop table reference_list_entry;
drop table reference_list;
