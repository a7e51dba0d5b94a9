"""The pacing rules as Redis scripts: every process asks the same clock and sees the same state.

Keys: 1 the next free slot and since when slots are counted, 2 the end of the pause, 3 the breaker,
4 the calls of this month. All times are milliseconds of the Redis server.
"""

KEEP_MS = 600_000
"""Pacing keys live that long after their last use."""

KEEP_CALLS_SECONDS = 40 * 86_400
SILENT_INTERVALS = 5
"""When the slot key is gone nobody knows what was just sent: so many intervals pass in silence."""

SLOW_START_MS = 5_000
SLOW_INTERVAL_MS = 1_000
"""After a pause, one request a second for five seconds."""

FAILURES_TO_OPEN = 5
OPEN_MS = 15_000
OPEN_LONGEST_MS = 300_000
AUTH_OPEN_MS = 60_000
PROBE_MS = 40_000
"""While a probe is under way nobody else tries; longer than a request can take."""

_START = f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keep = {KEEP_MS}
local paused = tonumber(redis.call('GET', KEYS[2]) or '0')
local stored = redis.call('GET', KEYS[3])
local breaker = stored and cjson.decode(stored) or {{state = 'closed', failures = 0, opens = 0}}
local function keep_breaker()
    redis.call('SET', KEYS[3], cjson.encode(breaker), 'PX', keep)
end
local free, since = string.match(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+)')
free, since = tonumber(free), tonumber(since)
local function keep_slots(next)
    redis.call('SET', KEYS[1], string.format('%.0f %.0f', next, since), 'PX', keep)
end
local function count()
    redis.call('INCR', KEYS[4])
    redis.call('EXPIRE', KEYS[4], {KEEP_CALLS_SECONDS})
end
"""

# ARGV: interval, horizon, width (in intervals). Answer: verdict, wait, probe, slot, since.
RESERVE = (
    _START
    + f"""
local interval, horizon, width = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now < paused then return {{'paused', paused - now, 0, 0, 0}} end
local blocked = breaker.state ~= 'closed'
if blocked and now < breaker['until'] then
    return {{'open', breaker['until'] - now, 0, 0, 0}}
end
if not free then
    free, since = now + {SILENT_INTERVALS} * interval, now
end
local slot = math.max(now, free)
if slot - now > horizon then
    keep_slots(free)
    return {{'busy', slot - now - horizon, 0, 0, 0}}
end
if now < paused + {SLOW_START_MS} then interval = math.max(interval, {SLOW_INTERVAL_MS}) end
keep_slots(slot + interval * width)
if blocked then
    breaker.state = 'probing'
    breaker['until'] = now + {PROBE_MS}
    keep_breaker()
end
if slot == now then count() end
return {{'go', slot - now, blocked and 1 or 0, slot, since}}
"""
)

# When a process starts: the silence need not wait for the first request. ARGV: interval.
ANNOUNCE = (
    _START
    + f"""
if not free then
    since = now
    keep_slots(now + {SILENT_INTERVALS} * tonumber(ARGV[1]))
end
return now
"""
)

# Just before sending in a slot that lay ahead; one that Redis has forgotten counts as missed, as
# somebody else may have got its moment. ARGV: slot, tolerance, probe, since.
CONFIRM = (
    _START
    + """
local slot, tolerance, probe = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
if now < paused then return {'paused', paused - now} end
if breaker.state ~= 'closed' and not probe then
    return {'open', math.max(breaker['until'] - now, 0)}
end
if now < slot then return {'early', slot - now} end
if now > slot + tolerance or since ~= tonumber(ARGV[4]) then return {'late', 0} end
count()
return {'go', 0}
"""
)

# ARGV: outcome (ok, failure, auth, throttled), milliseconds of the pause.
REPORT = (
    _START
    + f"""
local outcome = ARGV[1]
local function open(ms)
    breaker.state = 'open'
    breaker['until'] = now + ms
    keep_breaker()
end
if outcome == 'ok' then
    if stored then redis.call('DEL', KEYS[3]) end
elseif outcome == 'auth' then
    breaker.cause = 'auth'
    open({AUTH_OPEN_MS})
elseif outcome == 'failure' and breaker.state ~= 'open' then
    breaker.failures = breaker.failures + 1
    breaker.cause = 'transient'
    if breaker.state == 'probing' or breaker.failures >= {FAILURES_TO_OPEN} then
        breaker.opens = breaker.opens + 1
        open(math.min({OPEN_MS} * 2 ^ (breaker.opens - 1), {OPEN_LONGEST_MS}))
    else
        keep_breaker()
    end
elseif outcome == 'throttled' then
    local ends = math.max(paused, now + tonumber(ARGV[2]))
    redis.call('SET', KEYS[2], ends, 'PX', ends - now + {SLOW_START_MS})
    since = now
    keep_slots(ends)
    if breaker.state == 'probing' then redis.call('DEL', KEYS[3]) end
end
return now
"""
)

LOOK = (
    _START
    + """
if now < paused then return 'paused' end
return breaker.state == 'closed' and '' or 'open'
"""
)
