-- name: standings
-- What was decided about services, and every pace that ever fell: a row for each service, or pace, that has either.
select s.service, s.sending, s.accepting, s.reason, s.error_code, s.segments_per_second, s.burst_segments,
       p.name, p.factor, p.lowered_at
from service_states s
full join paces p on p.name = 'service:' || s.service

-- name: pause_service
-- A held service stays held: it does not send either, and the reason is worth keeping.
insert into service_states as s (service, sending, reason, changed_at)
values (%(service)s, 'paused', %(reason)s, %(now)s)
on conflict (service) do update
set sending = 'paused', reason = excluded.reason, error_code = null, changed_at = excluded.changed_at
where s.sending = 'on'

-- name: hold_service
-- Only what sends can be held: a pause is somebody's wish, and the first reason is the one to mend.
insert into service_states as s (service, sending, reason, error_code, changed_at)
values (%(service)s, 'held', %(reason)s, %(error_code)s, %(now)s)
on conflict (service) do update
set sending = 'held', reason = excluded.reason, error_code = excluded.error_code, changed_at = excluded.changed_at
where s.sending = 'on'
returning s.service

-- name: resume_service
update service_states
set sending = 'on', accepting = true, reason = null, error_code = null, changed_at = %(now)s
where service = %(service)s and (sending <> 'on' or not accepting)

-- name: drain_service
insert into service_states as s (service, accepting, changed_at)
values (%(service)s, false, %(now)s)
on conflict (service) do update set accepting = false, changed_at = excluded.changed_at
where s.accepting

-- name: set_rate_of_service
insert into service_states as s (service, segments_per_second, burst_segments, changed_at)
values (%(service)s, %(segments_per_second)s, %(burst_segments)s, %(now)s)
on conflict (service) do update
set segments_per_second = excluded.segments_per_second, burst_segments = excluded.burst_segments,
    changed_at = excluded.changed_at

-- name: lock_paces
select name, factor, lowered_at from paces where name = any(%(names)s::text[]) order by name for update

-- name: lower_paces
-- A pace that was not there to be locked, and is there now, was lowered by somebody else in this moment.
insert into paces (name, factor, lowered_at)
select name, factor, %(now)s from unnest(%(names)s::text[], %(factors)s::float8[]) as fallen (name, factor)
order by name
on conflict (name) do update set factor = excluded.factor, lowered_at = excluded.lowered_at
where paces.name = any(%(locked)s::text[])
returning name
