-- New streams, each with a URL that no other run has. Arguments: STREAMS KEY (the first is not used)
local count, run = 1000000, 0

init = function(arguments)
    wrk.method = "POST"
    wrk.headers["Authorization"] = "Bearer " .. arguments[2]
    wrk.headers["Content-Type"] = "application/json"
    run = os.time()
end

request = function()
    count = count + 1
    return wrk.format(nil, "/api/v1/streams", nil,
        string.format('{"url":"https://twitch.tv/run_%d_%d","title":"Protest live, camera %d"}', run, count, count))
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"per_second":%.1f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
