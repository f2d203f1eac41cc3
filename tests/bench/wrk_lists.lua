-- Lists and searches that nobody asked for before, or a few that many ask for; prints what JavaScript
-- can read. Arguments: KEY KIND COUNT, with COUNT streams as parts/scale.mjs makes them.
local kinds = {
    -- The first pages of every filter, 50 streams each.
    page = function(count)
        local filters = {"", "&status=live", "&platform=kick", "&city=Seattle", "&state=WA&city=Portland"}
        return "/api/v1/streams?per_page=50&page=" .. math.random(1, 100) .. filters[math.random(#filters)]
    end,
    -- One in a million: found by the index, or not at all.
    rare = function(count)
        return "/api/v1/streams?per_page=50&search=channel%20" .. math.random(1000, count)
    end,
    -- Words that every tenth stream has, alone and together with others.
    common = function(count)
        local words = {"protest", "rally%20cam", "downtown", "seattle%20live", "portl"}
        return "/api/v1/streams?per_page=50&search=" .. words[math.random(#words)]
    end,
}

init = function(arguments)
    wrk.headers["Authorization"] = "Bearer " .. arguments[1]
    local make, count = kinds[arguments[2]], tonumber(arguments[3])
    math.randomseed(os.time())
    request = function() return wrk.format("GET", make(count)) end
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"per_second":%.1f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
