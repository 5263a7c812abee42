-- For wrk: one fixed request, and one line of JSON at the end.
--   wrk ... -s wrk.lua URL -- METHOD [FIELD: VALUE]...
-- In the environment: BENCH_MODEL, the model's name (fast); BENCH_BODY_BYTES, how long a POST's body is at least (150 bytes).
function init(args)
  wrk.method = args[1] or "POST"
  for i = 2, #args do
    local name, value = args[i]:match("^([^:]+):%s*(.*)$")
    wrk.headers[name] = value
  end
  if wrk.method == "POST" then
    wrk.headers["Content-Type"] = "application/json"
    local before = '{"model":"' .. (os.getenv("BENCH_MODEL") or "fast") .. '","messages":[{"role":"system","content":' ..
      '"You are a helpful assistant."},{"role":"user","content":"Hello!'
    local after = '"}]}'
    local more = (tonumber(os.getenv("BENCH_BODY_BYTES")) or 0) - #before - #after
    wrk.body = before .. string.rep("x", math.max(more, 0)) .. after
  end
  request = wrk.format()
  wrk.request = function() return request end
end

function done(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status +
    summary.errors.timeout
  io.write(string.format('{"requests":%d,"seconds":%.6f,"bytes":%d,"errors":%d,"p50_us":%.1f,"p90_us":%.1f,"p99_us":%.1f,' ..
    '"p99.9_us":%.1f,"max_us":%.1f}\n', summary.requests, summary.duration / 1e6, summary.bytes, errors, latency:percentile(50),
    latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max))
end
