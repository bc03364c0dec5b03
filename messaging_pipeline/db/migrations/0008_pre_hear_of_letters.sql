-- What SendGrid says became of a fallback e-mail after it had taken it.

alter table fallback_steps
    add column heard    text check (heard in ('delivered', 'dropped', 'bounced')),
    add column heard_at timestamptz;
