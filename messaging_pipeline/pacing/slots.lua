-- Slots: who is at work for an account right now, and until when each may be without saying so again.
--
-- KEYS[1]  sorted set   a holder -> the end of its lease, in microseconds since 1970 by this server's clock
--                       ''       -> the birth of this memory, by the same clock, as a negative number
-- ARGV     microseconds of a lease, and one of
--            'take', holder, capacity  -> { 1, 0 }, or { 0, microseconds to wait at most }
--            'keep', holder            -> 1, or 0 when it is held no more
--            'give_back', holder       -> 1, or 0 when it was held no more
--            'in_use'                  -> how many are held
--
-- Why it is done so is told in slots.py.

local key, lease, holder = KEYS[1], tonumber(ARGV[1]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function as_text(microseconds)
    return string.format('%.0f', microseconds)
end

local function write(name, score)
    redis.call('ZADD', key, as_text(score), name)
end

local function holds()
    local until_when = redis.call('ZSCORE', key, holder)
    return until_when and tonumber(until_when) > now
end

-- Microseconds for which somebody may be at work whom this memory does not know.
local function unknown_for()
    local birth = redis.call('ZSCORE', key, '')
    -- Born in the future means that the clock was set back: how long ago it was is not known any more.
    if not birth or -tonumber(birth) > now then
        write('', -now)
        return lease
    end
    return lease - (now + tonumber(birth))
end

local function forget_the_lapsed()
    redis.call('ZREMRANGEBYSCORE', key, 0, as_text(now))
    -- Only a clock that was set back makes a lease longer than a lease.
    local latest = now + lease
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. as_text(latest), '+inf')) do
        write(name, latest)
    end
end

local operation = {}

function operation.take(capacity)
    forget_the_lapsed()
    local wait = unknown_for()
    if holds() then
        write(holder, now + lease)
        return { 1, 0 }
    end
    if wait > 0 then
        return { 0, wait }
    end
    local too_many = redis.call('ZCARD', key) - 1 - capacity
    if too_many < 0 then
        write(holder, now + lease)
        return { 1, 0 }
    end
    local first_to_end = redis.call('ZRANGEBYSCORE', key, 0, '+inf', 'WITHSCORES', 'LIMIT', too_many, 1)
    return { 0, tonumber(first_to_end[2]) - now }
end

function operation.keep()
    if not holds() then
        return 0
    end
    write(holder, now + lease)
    return 1
end

function operation.give_back()
    return redis.call('ZREM', key, holder)
end

function operation.in_use()
    return redis.call('ZCOUNT', key, '(' .. as_text(now), '+inf')
end

return operation[ARGV[2]](tonumber(ARGV[4]))
