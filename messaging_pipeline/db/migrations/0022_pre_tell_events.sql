-- Events for others: what became of a message, or that somebody wrote, owed to whom and told or not.

-- Who is told of which status, each as 'policy:status'; null when nobody is.
alter table messages add column notify text[];

create table notices (
    id          bigint generated always as identity primary key,
    notice_id   uuid not null default gen_random_uuid(),   -- what those who are told know it by
    tenant      text not null,
    policy      text not null,                   -- one of [events] in messaging.toml
    event       text not null check (event in ('message.status', 'message.received')),
    subject     text not null,                   -- the message's id or the inbound message's SID: told in order
    message_id  uuid,                            -- null when it is an inbound message
    sid         text,
    status      text,
    error_code  integer,
    at          timestamptz not null,
    state       text not null check (state in ('waiting', 'claimed', 'told', 'dead', 'dropped')),
    due_at      timestamptz not null,
    lane        uuid,                            -- in whose hands it is
    lease_until timestamptz,
    attempts    smallint not null default 0,
    explanation text,
    finished_at timestamptz,
    constraint notices_are_leased_while_in_hand
        check ((state = 'claimed') = (lane is not null) and (lane is null) = (lease_until is null))
);

create unique index notices_by_notice_id on notices (notice_id);
create index notices_due on notices (policy, due_at, id) where state = 'waiting';
create index notices_by_subject on notices (subject, policy, id);
create index notices_in_hand on notices (policy, lease_until) where state = 'claimed';
create index notices_dead on notices (policy, id) where state = 'dead';
create index notices_over on notices (finished_at) where state in ('told', 'dropped');
create index notices_by_age on notices (tenant, id);

-- Policies whose receiver failed lately: nobody tells them anything for a while.
create table resting_policies (
    policy      text primary key,
    failures    integer not null check (failures >= 1),
    rests_until timestamptz not null
);

-- Every change of a status goes through here, whoever makes it, so that none can forget to tell. At the end of the
-- transaction: a message that fails and is put back at once has not failed for anybody else.
create function owe_notices() returns trigger language plpgsql as $$
begin
    insert into notices (tenant, policy, event, subject, message_id, sid, status, error_code, at, state, due_at)
    select new.tenant, split_part(wish, ':', 1), 'message.status', new.id::text, new.id, new.sid, new.status,
           new.error_code, new.status_at, 'waiting', new.status_at
    from unnest(new.notify) as wish
    where split_part(wish, ':', 2) = new.status
      and exists (select from messages m where m.id = new.id and m.status = new.status);
    return null;
end $$;

create constraint trigger messages_tell_when_new
    after insert on messages deferrable initially deferred for each row
    when (new.notify is not null and new.status <> 'pending')
    execute function owe_notices();

create constraint trigger messages_tell_when_moved
    after update on messages deferrable initially deferred for each row
    when (new.notify is not null and new.status is distinct from old.status
          and new.status not in ('pending', 'claimed'))
    execute function owe_notices();
