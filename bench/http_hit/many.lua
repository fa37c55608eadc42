-- wrk script: many different POSTs in turn. Argument: a file with one JSON body per line.
-- Its last line of output is the result as JSON.

local requests_ready = {}
local position = 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for line in io.lines(arguments[1]) do
    requests_ready[#requests_ready + 1] = wrk.format(nil, nil, nil, line)
  end
end

function request()
  position = position % #requests_ready + 1
  return requests_ready[position]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
