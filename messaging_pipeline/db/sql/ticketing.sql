-- name: owe_ticket_entry
insert into ticket_entries (tenant, sid, system, service, number, silent, state, due_at, received_at)
values (%(tenant)s, %(sid)s, %(system)s, %(service)s, %(number)s, %(silent)s, 'waiting', %(received_at)s,
        %(received_at)s)
on conflict do nothing
returning sid

-- name: claim_ticket_entry
-- One at a time for a person, in the order in which they wrote; empty when it is not this one's turn.
update ticket_entries e
set state = 'claimed', attempts = e.attempts + 1, lease_until = %(lease_until)s
where e.tenant = %(tenant)s and e.sid = %(sid)s and e.state = 'waiting' and e.due_at <= %(now)s
  and not exists (
      select from ticket_entries o
      where o.tenant = e.tenant and o.number = e.number and o.system = e.system and o.sid <> e.sid
        and (o.state in ('claimed', 'leaving')
             or (o.state = 'waiting' and (o.received_at, o.sid) < (e.received_at, e.sid)))
  )
returning e.tenant, e.sid, e.system, e.service, e.number, e.attempts::int as attempts, e.received_at,
          (select i.payload from inbound_messages i where i.tenant = e.tenant and i.sid = e.sid) as payload

-- name: mark_ticket_entry_leaving
-- Committed before the request leaves the house; empty when the claim was taken away.
update ticket_entries
set state = 'leaving', lease_until = %(lease_until)s
where tenant = %(tenant)s and sid = %(sid)s and attempts = %(attempts)s and state = 'claimed'
returning sid

-- name: finish_ticket_entry
-- What the worker heard is evidence even when its lease ran out meanwhile and the entry was left in doubt: nobody
-- has tried it since, or its attempts would have grown.
update ticket_entries
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at), ticket_number = %(ticket_number)s::text,
    continued = %(continued)s,
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where tenant = %(tenant)s and sid = %(sid)s and attempts = %(attempts)s
  and state in ('claimed', 'leaving', 'unconfirmed')
returning sid

-- name: open_ticket_of
select ticket_id as id, ticket_number as number from tickets
where tenant = %(tenant)s and number = %(number)s and system = %(system)s and state = 'open'

-- name: close_ticket
update tickets set state = 'closed', closed_at = %(now)s
where tenant = %(tenant)s and number = %(number)s and system = %(system)s and ticket_id = %(ticket_id)s
  and state = 'open'

-- name: remember_ticket
-- Another of the person's may be known by now, when this entry's answer came very late; that one stays the open one.
insert into tickets (tenant, number, system, ticket_id, ticket_number, state, opened_at, last_entry_at)
values (%(tenant)s, %(number)s, %(system)s, %(ticket_id)s, %(ticket_number)s, 'open', %(now)s, %(now)s)
on conflict (tenant, number, system) where state = 'open' do update set last_entry_at = excluded.last_entry_at

-- name: next_ticket_entry_of
select sid from ticket_entries
where tenant = %(tenant)s and number = %(number)s and system = %(system)s and state = 'waiting'
order by received_at, sid
limit 1

-- name: owed_ticket_answer
select e.tenant, e.sid, e.system, e.service, e.number, e.ticket_number, e.continued, e.silent,
       (select count(*) from ticket_entries o
        where o.tenant = e.tenant and o.number = e.number and o.system = e.system and o.state = 'answered'
          and o.finished_at > %(since)s) as answered_lately
from ticket_entries e
where e.tenant = %(tenant)s and e.sid = %(sid)s and e.state = 'taken'

-- name: finish_ticket_answer
update ticket_entries set state = %(state)s, explanation = coalesce(%(explanation)s::text, explanation)
where tenant = %(tenant)s and sid = %(sid)s and state = 'taken'

-- name: settle_ticket_entry_as_taken
-- A person has found it in a ticket. Its writer is told the number as if the system had.
update ticket_entries
set state = 'taken', ticket_number = %(ticket_number)s::text, explanation = %(explanation)s::text,
    finished_at = %(now)s
where tenant = %(tenant)s and sid = %(sid)s and state in ('unconfirmed', 'refused', 'failed')
returning sid

-- name: settle_ticket_entry_as_not_sent
-- A person has looked, and it is nowhere. It has been due since it was last tried. Its attempts go on counting, so that
-- a worker of before cannot end it.
update ticket_entries
set state = 'waiting', explanation = %(explanation)s::text, finished_at = null
where tenant = %(tenant)s and sid = %(sid)s and state in ('unconfirmed', 'refused', 'failed')
returning sid

-- name: state_of_ticket_entry
select state from ticket_entries where tenant = %(tenant)s and sid = %(sid)s

-- name: settle_lapsed_ticket_entries
-- A worker died. What had not left goes back; what was leaving may stand in a ticket, so nobody sends it again.
update ticket_entries
set state = case state when 'claimed' then 'waiting' else 'unconfirmed' end, lease_until = null,
    explanation = case state when 'claimed' then %(relief)s::text else %(doubt)s::text end,
    finished_at = case state when 'claimed' then null else %(now)s::timestamptz end
where state in ('claimed', 'leaving') and lease_until <= %(now)s
returning system, state

-- name: ticket_entries_due
-- Of each person's only the first that waits: the others follow it. And whoever was not told their ticket's number.
select e.tenant, e.sid from ticket_entries e
where e.state = 'taken'
   or (e.state = 'waiting' and e.due_at <= %(now)s
       and not exists (
           select from ticket_entries o
           where o.tenant = e.tenant and o.number = e.number and o.system = e.system and o.sid <> e.sid
             and (o.state in ('claimed', 'leaving')
                  or (o.state = 'waiting' and (o.received_at, o.sid) < (e.received_at, e.sid)))
       ))
order by e.due_at
limit %(limit)s

-- name: list_ticket_entries
select sid, number, system as desk, service, state, ticket_number as ticket, continued, received_at, finished_at,
       attempts::int as attempts, explanation
from ticket_entries
where tenant = %(tenant)s and (%(state)s::text is null or state = %(state)s)
  and (%(desk)s::text is null or system = %(desk)s)
order by received_at desc, sid desc
limit %(limit)s
