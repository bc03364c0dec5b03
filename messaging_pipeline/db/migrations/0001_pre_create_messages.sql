-- The memory of the pipeline. The message row is the only truth about work still to do;
-- attempts and events are only ever added to.

create table messages (
    id              uuid primary key,
    tenant          text not null,
    service         text not null,
    to_number       text,
    from_number     text,                        -- the sender the caller asked for, if any
    content         bytea,                       -- sealed {body, media_urls}; null once retention has taken it
    fallback        bytea,                       -- sealed list of steps
    encoding        text not null check (encoding in ('GSM-7', 'UCS-2')),
    segments        smallint not null check (segments >= 0),
    priority        smallint not null check (priority between 0 and 2),
    status          text not null check (status in (
                        'pending', 'claimed', 'unconfirmed', 'scheduled', 'accepted', 'queued', 'sending', 'sent',
                        'rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed',
                        'delivered', 'read')),
    status_at       timestamptz not null,
    due_at          timestamptz not null,
    expires_at      timestamptz,
    claim_id        uuid,
    lease_until     timestamptz,
    attempts        smallint not null default 0,
    sid             text,
    error_code      integer,
    reason          text,                        -- why the message is where it is, for people
    tags            jsonb not null default '{}',
    idempotency_key text,
    fingerprint     bytea not null,              -- keyed hash of what was asked, to tell a repeat from a clash
    created_at      timestamptz not null,
    constraint messages_are_leased_while_claimed
        check ((status = 'claimed') = (claim_id is not null) and (claim_id is null) = (lease_until is null)),
    constraint messages_have_a_recipient check (to_number is not null or status = 'rejected')
);

create unique index messages_by_idempotency_key on messages (tenant, idempotency_key) where idempotency_key is not null;
create unique index messages_by_sid on messages (sid) where sid is not null;
create index messages_due on messages (service, priority, due_at, id) where status = 'pending';
create index messages_expiring on messages (expires_at) where status = 'pending' and expires_at is not null;
create index messages_leased on messages (lease_until) where status = 'claimed';
create index messages_by_age on messages (tenant, created_at desc);

create table attempts (
    message_id  uuid not null,
    number      smallint not null check (number >= 1),
    started_at  timestamptz not null,
    finished_at timestamptz,
    outcome     text not null check (outcome in ('started', 'accepted', 'refused', 'not_sent', 'unconfirmed')),
    sid         text,
    http_status smallint,
    error_code  integer,
    explanation text,
    worker      text,
    primary key (message_id, number),
    constraint attempts_finish_when_their_outcome_is_known check ((outcome = 'started') = (finished_at is null))
);

-- At most one request of a message can be under way: the database itself refuses a second.
create unique index attempts_under_way on attempts (message_id) where outcome = 'started';

create table message_events (
    id         bigint generated always as identity,
    message_id uuid not null,
    status     text not null,
    source     text not null check (source in ('accept', 'deliver', 'callback', 'sweep', 'operator')),
    at         timestamptz not null,
    sid        text,
    error_code integer,
    detail     text,
    moved      boolean not null,                 -- whether this event changed the message's status
    primary key (message_id, id)
);

-- Twilio delivers callbacks at least once; the second copy is not news.
create unique index message_events_told_once
    on message_events (message_id, sid, status, coalesce(error_code, 0)) where source = 'callback';

create table fallback_steps (
    message_id  uuid not null,
    number      smallint not null check (number >= 1),
    channel     text not null,
    cause       text not null,                   -- the status that started it
    state       text not null check (state in ('waiting', 'sending', 'sent', 'failed', 'unconfirmed')),
    due_at      timestamptz not null,
    lease_until timestamptz,
    attempts    smallint not null default 0,
    explanation text,
    created_at  timestamptz not null,
    finished_at timestamptz,
    primary key (message_id, number),            -- a step of a message happens at most once
    constraint fallback_steps_are_leased_while_sending check ((state = 'sending') = (lease_until is not null))
);

create index fallback_steps_due on fallback_steps (due_at) where state = 'waiting';
create index fallback_steps_leased on fallback_steps (lease_until) where state = 'sending';

-- Callbacks whose SID we do not know (yet): kept until the create's answer has told us whose they are.
create table unmatched_callbacks (
    tenant      text not null,
    sid         text not null,
    status      text not null,
    error_code  integer not null default 0,
    received_at timestamptz not null,
    primary key (tenant, sid, status, error_code)
);

create table inbound_messages (
    tenant      text not null,
    sid         text not null,
    from_number text not null,
    to_number   text not null,
    payload     bytea not null,                  -- sealed: every field as Twilio posted it
    received_at timestamptz not null,
    primary key (tenant, sid)
);
