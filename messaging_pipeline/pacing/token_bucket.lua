-- A token bucket, kept as the instant at which it will be full again: the generic cell rate algorithm.
--
-- KEYS[1]  hash   full_at  that instant, in microseconds since 1970 by this server's clock
--                 seen_at  when it was written, by the same clock
--                 rate     the tokens a second it was written for, as text
-- ARGV     rate, burst, and one of
--            'take', want, at_least             -> { granted, microseconds to wait, now }
--            'give_back', unused, granted, at   -> 0
--            'level'                            -> { microseconds that refilling what is there takes }
--
-- Why it is done so is told in token_bucket.py.

local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Rounded up, so that no fraction of a microsecond is ever given away.
local function refill_time(tokens)
    return math.ceil(tokens * 1000000 / rate)
end

-- Microseconds until the bucket is full. Without a memory it is empty, which is the safe thing to believe.
local function read_owed()
    local full_at, seen_at, old_rate = unpack(redis.call('HMGET', KEYS[1], 'full_at', 'seen_at', 'rate'))
    if not full_at then
        return refill_time(burst)
    end
    -- A clock that was set back has told nothing since seen_at.
    local owed = math.max(0, full_at - math.max(now, tonumber(seen_at)))
    if old_rate ~= ARGV[1] then
        owed = math.ceil(owed * old_rate / rate)
    end
    return owed
end

local function write_owed(owed)
    redis.call('HSET', KEYS[1], 'full_at', string.format('%.0f', now + owed),
        'seen_at', string.format('%.0f', now), 'rate', ARGV[1])
end

local operation = {}

function operation.take(owed, want, at_least)
    local there = refill_time(burst) - owed
    local wait = refill_time(math.min(at_least, burst)) - there
    if wait > 0 then
        write_owed(owed)
        return { 0, wait, now }
    end
    local granted = math.max(at_least, math.min(want, math.floor(there * rate / 1000000)))
    write_owed(owed + refill_time(granted))
    return { granted, 0, now }
end

function operation.give_back(owed, unused, granted, at)
    local not_refilled = granted * 1000000 / rate - (now - at)
    local returned = math.floor(math.max(0, math.min(unused * 1000000 / rate, not_refilled)))
    write_owed(owed - returned)
    return 0
end

function operation.level(owed)
    return { refill_time(burst) - owed }
end

return operation[ARGV[3]](read_owed(), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]))
