-- Numbers of old tickets become keyed hashes, and the rows stay: these find the rows whose number is still in clear.

create index tickets_to_forget on tickets (tenant, coalesce(closed_at, last_entry_at)) where number not like 'h:%';
create index ticket_entries_to_forget on ticket_entries (tenant, received_at) where number not like 'h:%';
