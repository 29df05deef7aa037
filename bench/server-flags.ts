/** Flags of Node for every server that is measured, the same as those of `make start` (a test compares them). */

// Room for the short-lived objects of many requests at once: half of the time in garbage collection.
export const serverFlags: readonly string[] = ['--max-semi-space-size=64'];
