"""What applies to every request: error answers, security headers, rate limits, log and metrics."""
