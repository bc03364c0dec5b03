-- Fallback by SMS, HTTP and Celery: a step may be one that can be repeated safely, or become a message of its own.

alter table fallback_steps
    add column repeatable boolean not null default false, -- whoever gets it can tell a repetition, and drops it
    add column sent_as    uuid;                           -- the message that a step by SMS became

create index fallback_steps_sent_as on fallback_steps (sent_as) where sent_as is not null;
