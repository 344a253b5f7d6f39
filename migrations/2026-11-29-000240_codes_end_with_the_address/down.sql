alter table one_time_code drop column sent_to, drop column letter_id;
