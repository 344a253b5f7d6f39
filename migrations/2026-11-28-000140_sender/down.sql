drop table sender;
