drop index notice_left_out_for_good;
