-- For wrk: one fixed request, and one line of JSON at the end.
--   wrk ... -s wrk.lua URL -- METHOD [FIELD: VALUE]...
function init(args)
  wrk.method = args[1] or "POST"
  for i = 2, #args do
    local name, value = args[i]:match("^([^:]+):%s*(.*)$")
    wrk.headers[name] = value
  end
  if wrk.method == "POST" then
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"model":"' .. (os.getenv("BENCH_MODEL") or "fast") .. '","messages":[{"role":"system","content":' ..
      '"You are a helpful assistant."},{"role":"user","content":"Hello!"}]}'
  end
  request = wrk.format()
  wrk.request = function() return request end
end

function done(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status +
    summary.errors.timeout
  io.write(string.format('{"requests":%d,"seconds":%.6f,"bytes":%d,"errors":%d,"p50_us":%.1f,"p99_us":%.1f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, errors, latency:percentile(50), latency:percentile(99)))
end
