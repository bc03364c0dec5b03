-- name: messages_by_sid
-- Whose SIDs these are. A SID of another tenant is nobody's.
select a.sid, m.tenant, m.id, a.number
from attempts a join messages m on m.id = a.message_id
where a.sid = any(%(sids)s::text[])

-- name: apply_evidence
-- A batch of reports about messages, oldest first: each is written down once, and each message moves to the highest
-- rung reported if that is above where it stands. Rows are locked in the order of their ids, so batches never deadlock.
-- Reports about another SID than the one the message is bound to are kept and move nothing; so are reports about an
-- attempt that another one has replaced, unless they tell of an arrival. Reports about another tenant's message are
-- dropped. There is always one row, for the counts.
with ladder as (
    select * from unnest(%(ladder_statuses)s::text[], %(ladder_ranks)s::int[]) as l (status, rank)
), locked as (
    select m.id, m.history_month, m.tenant, m.status, m.sid, m.attempts, m.live_from from messages m
    where m.id = any(%(message_ids)s::uuid[])
    order by m.id
    for update
), before as (
    select locked.*, ladder.rank from locked join ladder using (status)
), reported as (
    select r.*, ladder.rank
    from unnest(%(message_ids)s::uuid[], %(tenants)s::text[], %(sids)s::text[], %(statuses)s::text[],
                %(error_codes)s::int[], %(details)s::text[], %(received_ats)s::timestamptz[], %(attempts)s::int[],
                %(sources)s::text[])
         with ordinality as r (message_id, tenant, sid, status, error_code, detail, received_at, attempt, source,
                               position)
    join ladder using (status)
), placed as (
    -- Which attempt a report is about: the one with its SID, or else the one that its path names.
    select reported.*, before.rank as standing_rank, before.sid as standing_sid, before.live_from,
           before.history_month,
           coalesce(known.number, reported.attempt, before.attempts) as number
    from reported
    join before on before.id = reported.message_id and before.tenant = reported.tenant
    left join attempts known on known.message_id = reported.message_id and known.sid = reported.sid
), bound as (
    select placed.*, number < live_from as superseded,
           case
               when number < live_from then null
               else coalesce(standing_sid, first_value(sid) over (
                        partition by message_id, number < live_from order by position))
           end as bound_sid
    from placed
), judged as (
    select bound.*,
           case when superseded then status = any(%(arrivals)s::text[]) else sid = bound_sid end as counts
    from bound
), weighed as (
    select judged.*,
           counts and rank > greatest(standing_rank, coalesce(max(rank) filter (where counts) over earlier, -1))
           as moves
    from judged
    window earlier as (partition by message_id order by position rows between unbounded preceding and 1 preceding)
), told as (
    insert into message_events
        (message_id, history_month, status, source, at, sid, error_code, detail, moved, attempt, superseded)
    select message_id, history_month, status, source, received_at, sid, error_code, detail, moves, number, superseded
    from weighed
    order by message_id, position
    on conflict do nothing
    returning message_id
), winner as (
    select distinct on (message_id) *
    from weighed
    where counts
    order by message_id, rank desc, position
), binding as (
    select distinct on (message_id) message_id, bound_sid
    from weighed
    where bound_sid is not null
    order by message_id, position
), settling as (
    select distinct on (message_id, number) message_id, number, sid, received_at
    from weighed
    where superseded or sid = bound_sid
    order by message_id, number, position
), settled as (
    -- Evidence beats what we thought of an attempt: even one that seemed not to have been sent.
    update attempts a
    set outcome = 'accepted', sid = settling.sid, finished_at = coalesce(a.finished_at, settling.received_at),
        explanation = 'proven by what Twilio reported'
    from settling
    where a.message_id = settling.message_id and a.number = settling.number and a.sid is null
), moved as (
    update messages m
    set sid = coalesce(m.sid, binding.bound_sid), claim_id = null, lease_until = null,
        status = winner.status, status_at = winner.received_at,
        error_code = winner.error_code, reason = winner.detail,
        check_at = case when winner.status = any(%(final)s::text[]) then null else %(check_at)s::timestamptz end,
        checks = 0, given_up_at = null
    from winner left join binding using (message_id)
    where m.id = winner.message_id and winner.moves
    returning m.id, m.tenant, m.service, m.status, m.created_at, m.fallback is not null as has_fallback, m.to_number,
              m.from_number is not null as names_its_sender, m.sid, m.error_code, m.attempts, m.retries, m.expires_at,
              winner.source
), bound_only as (
    update messages m
    set sid = binding.bound_sid
    from winner join binding using (message_id)
    where m.id = winner.message_id and not winner.moves and m.sid is null
), released as (
    -- The next part of a conversation may go now.
    update messages f set waits_for = null from moved where f.waits_for = moved.id
)
select (select count(*) from told)::int as told, (select count(*) from weighed)::int as weighed, moved.*
from (values (true)) as always left join moved on true

-- name: put_back
-- Another attempt for messages that did not arrive, for a reason that passes, unless retention has taken what they
-- said. Whatever is still reported about the attempts until now is about superseded ones.
with asked as (
    select * from unnest(%(message_ids)s::uuid[], %(due_ats)s::timestamptz[], %(spent)s::int[], %(reasons)s::text[])
        as a (message_id, due_at, spent, reason)
), back as (
    update messages m
    set status = 'pending', status_at = %(now)s, due_at = asked.due_at, sid = null, live_from = m.attempts + 1,
        retries = m.retries + asked.spent, check_at = null, checks = 0, reason = asked.reason
    from asked
    where m.id = asked.message_id and m.status in ('undelivered', 'failed') and m.forgotten = 0
    returning m.id, m.history_month, m.reason
)
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, 'pending', 'policy', %(now)s, reason, true from back
returning message_id

-- name: keep_unmatched_callbacks
-- In the order of their key: two batches that keep the same callbacks would otherwise wait for each other.
insert into unmatched_callbacks (tenant, sid, status, error_code, received_at)
select * from unnest(%(tenants)s::text[], %(sids)s::text[], %(statuses)s::text[], %(error_codes)s::int[],
                     %(received_ats)s::timestamptz[]) as kept (tenant, sid, status, error_code, received_at)
order by tenant, sid, status, error_code, received_at
on conflict do nothing

-- name: forget_unmatched_callbacks
-- Callbacks that nobody has claimed for so long are about messages that are not ours.
delete from unmatched_callbacks where received_at < %(before)s
