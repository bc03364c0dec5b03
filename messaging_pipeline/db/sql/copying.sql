-- name: owe_media_copies
insert into inbound_media (tenant, sid, number, state, due_at, received_at)
select %(tenant)s, %(sid)s, number, 'waiting', %(received_at)s, %(received_at)s
from unnest(%(numbers)s::smallint[]) as number
on conflict do nothing
returning number::int

-- name: claim_media_copy
update inbound_media f
set state = 'claimed', attempts = f.attempts + 1, lease_until = %(lease_until)s, store = coalesce(%(store)s, f.store)
where f.tenant = %(tenant)s and f.sid = %(sid)s and f.number = %(number)s and f.state = 'waiting' and f.due_at <= %(now)s
returning f.tenant, f.sid, f.number::int as number, f.attempts,
          (select i.payload from inbound_messages i where i.tenant = f.tenant and i.sid = f.sid) as payload

-- name: finish_media_copy
-- A worker whose lease ran out meanwhile has done it all the same: nobody has tried since, or its attempts would have
-- grown. What has to go is left to that.
update inbound_media
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at), content_type = %(content_type)s::text,
    size_bytes = %(size_bytes)s::bigint,
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where tenant = %(tenant)s and sid = %(sid)s and number = %(number)s and attempts = %(attempts)s
  and state in ('claimed', 'waiting')
returning sid

-- name: return_lapsed_media_copies
-- A worker died; the file is fetched again, under the same name.
update inbound_media set state = 'waiting', lease_until = null, explanation = 'the worker stopped while it was copying'
where state = 'claimed' and lease_until <= %(now)s

-- name: media_due
select tenant, sid, number::int from inbound_media
where state in ('waiting', 'erasing') and due_at <= %(now)s
order by due_at
limit %(limit)s

-- name: media_of_message
select number::int, state, content_type, size_bytes, store, finished_at, attempts, explanation from inbound_media
where tenant = %(tenant)s and sid = %(sid)s
order by number

-- name: owe_media_erasing
-- What was never tried left nothing behind. What is in somebody's hands is deleted when they must have ended.
update inbound_media
set state = case when store is null then 'erased' else 'erasing' end,
    due_at = coalesce(lease_until, %(now)s::timestamptz), lease_until = null, explanation = null,
    finished_at = %(now)s
where tenant = %(tenant)s and sid = any(%(sids)s::text[]) and state not in ('erasing', 'erased')
returning state

-- name: media_copy_that_must_go
select store, attempts from inbound_media
where tenant = %(tenant)s and sid = %(sid)s and number = %(number)s and state in ('erasing', 'erased')

-- name: note_media_erased
update inbound_media set state = 'erased', explanation = null, finished_at = %(now)s
where tenant = %(tenant)s and sid = %(sid)s and number = %(number)s and state = 'erasing' and due_at <= %(now)s

-- name: put_off_media_erasing
update inbound_media set due_at = %(due_at)s, attempts = attempts + 1, explanation = %(explanation)s
where tenant = %(tenant)s and sid = %(sid)s and number = %(number)s and state = 'erasing'
