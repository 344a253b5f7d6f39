-- Every notice and every person is changed once by a campaign, in sets of one batch. With as much room in a
-- page as the page's rows take, the new versions stay in it and no index is touched (HOT); without, each
-- change wrote three or four index entries and left as much space dead. Pages written before stay as they are.
alter table notice set (fillfactor = 50);
alter table person set (fillfactor = 50);
