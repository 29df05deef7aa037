/** Flags of Node for every server that is measured, the same as those of `make start` (a test compares them). */

// Room for the short-lived objects of many requests at once, from the start: less time in garbage collection. And a
// limit of the heap: without one Node lets garbage grow to four times what lives before it looks.
export const serverFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--min-semi-space-size=32',
  '--max-old-space-size=768',
];
