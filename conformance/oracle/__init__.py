"""botocore as the byte oracle: random requests, each with what botocore makes of it, as JSON lines."""
