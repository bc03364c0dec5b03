-- Removes the alarms that are due, the earliest first, and says when the next one is.
--
-- KEYS[1]  sorted set of services by the time of their alarm, in microseconds since 1970 by this server's clock
-- ARGV     how many to remove at most
-- Answers  { microseconds until the next alarm: 0 when more are due, -1 when none is set, services... }

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
if #due > 0 then
    redis.call('ZREM', KEYS[1], unpack(due))
end
local next_alarm = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local wait = -1
if next_alarm[2] then
    wait = math.max(0, next_alarm[2] - now)
end
return { wait, unpack(due) }
