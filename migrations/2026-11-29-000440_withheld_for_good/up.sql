-- A notice that is left out as it is about to leave says whether its person is still to be told something: who is not
-- affected after all, or knows all by now, is offered by no later campaign. Of notices only. Words of an enum need a
-- migration of their own.
alter type withheld_reason add value 'not_affected';
alter type withheld_reason add value 'already_told';
