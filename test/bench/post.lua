-- Posts one body over and over, and prints one line of JSON that bench.ts reads.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = os.getenv("BENCH_BODY")

done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('RESULT {"requests":%d,"failed":%d,"duration":%d,"p50":%d,"p99":%d}',
    summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
