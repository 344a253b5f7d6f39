drop table restored_gap;
