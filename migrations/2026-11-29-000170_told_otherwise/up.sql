-- People are told by post and by other channels too. Words of an enum need a migration of their own.
alter type person_standing add value 'notified_by_post' after 'notified';
alter type person_standing add value 'notified_otherwise' after 'notified_by_post';
