/** Flags of Node for every server that is measured, the same as those of `make start` (a test compares them). */

// Room for the short-lived objects of many requests at once, from the start: less time in garbage collection. And a
// limit of the heap: without one Node lets garbage grow to four times what lives before it looks. And no guessing which
// objects will live long: under load V8 put those of requests among the old ones in 3 of 16 processes, where they kept
// what they pointed at alive, and a collection took 8 ms in place of 2, twelve times a second.
export const serverFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--min-semi-space-size=32',
  '--max-old-space-size=768',
  '--no-allocation-site-pretenuring',
];
