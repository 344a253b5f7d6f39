drop table wrong_code;
