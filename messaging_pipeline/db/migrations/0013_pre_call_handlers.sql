-- Keywords that call code: what is owed to whom, and what came of it. Who wrote what stands in inbound_messages alone.

create table keyword_calls (
    tenant        text not null,
    sid           text not null,                 -- the inbound message's MessageSid
    service       text not null,                 -- which was written to, and answers
    word          text not null,                 -- the keyword in its bare form
    state         text not null check (state in ('waiting', 'claimed', 'handled', 'answered', 'unanswered', 'failed')),
    due_at        timestamptz not null,
    lease_until   timestamptz,
    attempts      smallint not null default 0,
    most_attempts smallint not null,             -- as configured when the message came in
    explanation   text,
    received_at   timestamptz not null,
    finished_at   timestamptz,
    primary key (tenant, sid),
    constraint keyword_calls_are_leased_while_in_hand check ((state = 'claimed') = (lease_until is not null))
);

create index keyword_calls_due on keyword_calls (due_at) where state = 'waiting';
create index keyword_calls_in_hand on keyword_calls (lease_until) where state = 'claimed';
create index keyword_calls_failed on keyword_calls (tenant, received_at) where state = 'failed';
