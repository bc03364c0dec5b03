-- Inbound messages that become tickets: what is owed, what left, and which ticket a person has open.

create table tickets (
    id            bigint generated always as identity primary key,
    tenant        text not null,
    number        text not null,
    system        text not null,                 -- the desk's name in messaging.toml
    ticket_id     text not null,                 -- what the system's API calls it
    ticket_number text not null,                 -- what people call it
    state         text not null check (state in ('open', 'closed')),
    opened_at     timestamptz not null,          -- when we first put something into it
    last_entry_at timestamptz not null,
    closed_at     timestamptz
);

-- A person has one open ticket at a desk: it is continued, not doubled.
create unique index tickets_open on tickets (tenant, number, system) where state = 'open';

create table ticket_entries (
    tenant        text not null,
    sid           text not null,                 -- the inbound message's MessageSid
    system        text not null,
    service       text not null,                 -- which was written to, and answers
    number        text not null,
    state         text not null check (state in (
                      'waiting', 'claimed', 'leaving', 'taken', 'answered', 'unanswered', 'refused', 'unconfirmed',
                      'failed')),
    due_at        timestamptz not null,
    lease_until   timestamptz,
    attempts      smallint not null default 0,
    explanation   text,
    ticket_number text,
    continued     boolean not null default false, -- whether the ticket was open before
    silent        boolean not null,              -- whether the writer may have asked for silence, and is told nothing
    received_at   timestamptz not null,
    finished_at   timestamptz,
    primary key (tenant, sid),                   -- a message goes into a ticket at most once
    constraint ticket_entries_are_leased_while_in_hand
        check ((state in ('claimed', 'leaving')) = (lease_until is not null))
);

-- Two at once could both find no ticket, and open two.
create unique index ticket_entries_in_hand on ticket_entries (tenant, number, system)
    where state in ('claimed', 'leaving');
create index ticket_entries_of_a_person on ticket_entries (tenant, number, system, received_at, sid)
    where state in ('waiting', 'claimed', 'leaving');
create index ticket_entries_answered on ticket_entries (tenant, number, system, finished_at) where state = 'answered';
create index ticket_entries_due on ticket_entries (due_at) where state in ('waiting', 'taken');
