-- Changes of titles, spread over streams 1 … STREAMS, so that no two connections meet.
-- Arguments: STREAMS KEY
local streams, count = 1, 0

init = function(arguments)
    streams = tonumber(arguments[1])
    wrk.method = "PATCH"
    wrk.headers["Authorization"] = "Bearer " .. arguments[2]
    wrk.headers["Content-Type"] = "application/json"
    -- Titles of this run differ from those of the run before.
    count = os.time() % 100000 * 1000
end

request = function()
    count = count + 1
    return wrk.format(nil, "/api/v1/streams/" .. (1 + count * 7919 % streams), nil,
        string.format('{"title":"Protest live, changed %d"}', count))
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"per_second":%.1f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
