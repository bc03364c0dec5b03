-- The month in which a message was accepted, on the message and on each line of its history. What was written before,
-- and what the release before writes, belongs to no month: 0001-01-01, a constant, so that no row is written anew.

alter table messages add column history_month date not null default '0001-01-01';

alter table message_events
    add column history_month date not null default '0001-01-01',
    add constraint message_events_of_no_month check (history_month < '1970-01-01') not valid;
