-- Fallback plans of several steps: one may be planned for a time, and is withdrawn when nobody needs it any more.

alter table fallback_steps
    add column overtaken_at timestamptz,         -- when the message arrived although this step had left
    drop constraint fallback_steps_state_check,
    add constraint fallback_steps_state_check
        check (state in ('planned', 'waiting', 'sending', 'sent', 'failed', 'unconfirmed', 'withdrawn'));

create index fallback_steps_planned on fallback_steps (due_at) where state = 'planned';
