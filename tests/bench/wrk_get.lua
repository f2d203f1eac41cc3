-- One record, with the key; prints what JavaScript can read. Arguments: PATH KEY [MS], how long each
-- connection waits between an answer and its next request.
init = function(arguments)
    wrk.headers["Authorization"] = "Bearer " .. arguments[2]
    wrk.path = arguments[1]
    if arguments[3] then
        local pause = tonumber(arguments[3])
        delay = function() return pause end
    end
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"per_second":%.1f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
