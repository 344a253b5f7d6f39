drop index notice_left_out;
