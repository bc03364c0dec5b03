-- name: insert_inbound_message
-- Twilio may deliver the same message more than once; it is stored once.
insert into inbound_messages (tenant, sid, from_number, to_number, payload, received_at)
values (%(tenant)s, %(sid)s, %(from_number)s, %(to_number)s, %(payload)s, %(received_at)s)
on conflict do nothing
returning sid
