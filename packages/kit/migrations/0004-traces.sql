-- Where a message was written in a trace that is recorded (W3C Trace Context), so that sending and handling it are
-- found from the request that caused it. Null without one. A column without a default changes no row, and the version
-- before neither writes nor reads it.
alter table outbox add column traceparent text;
