-- Which gate a message waits at: until its due time, where it is pending. Counted to be shown.

alter table messages add column gate text;

create index messages_at_gates on messages (service, gate) where status = 'pending' and gate is not null;
