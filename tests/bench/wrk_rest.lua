-- One of the four requests of part `rest`. Arguments: OPERATION TOKEN STREAMS PREFIX [DIALECT]
-- get, patch: one of streams 1 … STREAMS at random; list: one of the first 60 pages of 50; create: a
-- URL that begins with PREFIX and no other run has. DIALECT `link`: the names of older services.
local operation, token, streams, prefix, dialect
local count = 0

init = function(arguments)
    operation, token, streams, prefix, dialect = unpack(arguments)
    streams = tonumber(streams)
    wrk.headers["Authorization"] = "Bearer " .. token
    wrk.headers["Content-Type"] = "application/json"
    math.randomseed(os.time())
end

local requests = {
    get = function()
        return wrk.format("GET", "/api/v1/streams/" .. math.random(streams))
    end,
    list = function()
        return wrk.format("GET", "/api/v1/streams?per_page=50&page=" .. math.random(60))
    end,
    patch = function()
        return wrk.format("PATCH", "/api/v1/streams/" .. math.random(streams), nil,
            string.format('{"title":"Protest live, changed %d"}', count))
    end,
    create = function()
        local url = string.format('"https://twitch.tv/%s_%d"', prefix, count)
        if dialect == "link" then
            url = string.format('%s,"source":"Streamer %d","status":"unknown"', url, count)
        end
        return wrk.format("POST", "/api/v1/streams", nil,
            string.format('{"%s":%s,"title":"Protest live, camera %d","city":"Seattle","state":"WA"}',
                dialect or "url", url, count))
    end,
}

request = function()
    count = count + 1
    return requests[operation]()
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"per_second":%.1f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
