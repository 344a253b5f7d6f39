drop table recall_text, recall;
drop type recall_status;
