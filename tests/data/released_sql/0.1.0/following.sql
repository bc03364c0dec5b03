-- name: messages_by_sid
-- Whose SIDs these are. A SID of another tenant is nobody's.
select sid, tenant, id from messages where sid = any(%(sids)s::text[])

-- name: apply_evidence
-- A batch of reports about messages, oldest first: each is written down once, and each message moves to the highest
-- rung reported if that is above where it stands. Rows are locked in the order of their ids, so batches never deadlock.
-- Reports about another SID than the one the message is bound to are kept and move nothing; reports about another
-- tenant's message are dropped. There is always one row, for the counts.
with ladder as (
    select * from unnest(%(ladder_statuses)s::text[], %(ladder_ranks)s::int[]) as l (status, rank)
), locked as (
    select m.id, m.tenant, m.status, m.sid from messages m
    where m.id = any(%(message_ids)s::uuid[])
    order by m.id
    for update
), before as (
    select locked.id, locked.tenant, locked.sid, ladder.rank from locked join ladder using (status)
), reported as (
    select r.*, ladder.rank
    from unnest(%(message_ids)s::uuid[], %(tenants)s::text[], %(sids)s::text[], %(statuses)s::text[],
                %(error_codes)s::int[], %(details)s::text[], %(received_ats)s::timestamptz[])
         with ordinality as r (message_id, tenant, sid, status, error_code, detail, received_at, position)
    join ladder using (status)
), bound as (
    select reported.*, before.rank as standing_rank,
           coalesce(before.sid, first_value(reported.sid) over w) as bound_sid
    from reported join before on before.id = reported.message_id and before.tenant = reported.tenant
    window w as (partition by reported.message_id order by reported.position)
), weighed as (
    select bound.*,
           sid = bound_sid
           and rank > greatest(standing_rank, coalesce(max(rank) filter (where sid = bound_sid) over earlier, -1))
           as moves
    from bound
    window earlier as (partition by message_id order by position rows between unbounded preceding and 1 preceding)
), told as (
    insert into message_events (message_id, status, source, at, sid, error_code, detail, moved)
    select message_id, status, 'callback', received_at, sid, error_code, detail, moves
    from weighed
    order by message_id, position
    on conflict do nothing
    returning message_id
), winner as (
    select distinct on (message_id) *
    from weighed
    where sid = bound_sid
    order by message_id, rank desc, position
), settled as (
    update attempts a
    set outcome = 'accepted', sid = winner.bound_sid, finished_at = coalesce(a.finished_at, winner.received_at),
        explanation = 'proven by a callback'
    from winner
    where a.message_id = winner.message_id and a.outcome in ('started', 'unconfirmed')
), moved as (
    update messages m
    set sid = winner.bound_sid, claim_id = null, lease_until = null,
        status = winner.status, status_at = winner.received_at,
        error_code = winner.error_code, reason = winner.detail
    from winner
    where m.id = winner.message_id and winner.moves
    returning m.id, m.service, m.status, m.created_at, m.fallback is not null as has_fallback
), bound_only as (
    update messages m
    set sid = winner.bound_sid
    from winner
    where m.id = winner.message_id and not winner.moves and m.sid is null
)
select (select count(*) from told)::int as told, (select count(*) from weighed)::int as weighed,
       moved.id, moved.service, moved.status, moved.created_at, moved.has_fallback
from (values (true)) as always left join moved on true

-- name: keep_unmatched_callbacks
-- In the order of their key: two batches that keep the same callbacks would otherwise wait for each other.
insert into unmatched_callbacks (tenant, sid, status, error_code, received_at)
select * from unnest(%(tenants)s::text[], %(sids)s::text[], %(statuses)s::text[], %(error_codes)s::int[],
                     %(received_ats)s::timestamptz[]) as kept (tenant, sid, status, error_code, received_at)
order by tenant, sid, status, error_code, received_at
on conflict do nothing
