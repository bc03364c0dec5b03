-- transactional: false
-- Reads the whole history once while everybody goes on writing it, so that the next file can take it as a partition unread.
alter table message_events validate constraint message_events_of_no_month;
