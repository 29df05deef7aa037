/**
 * Flags of Node for every server that is measured, the same as those of `make start` and of the images (a test compares
 * them). Why each of them: `docs/decisions/0019-flags-of-v8.md`.
 */
export const serverFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--min-semi-space-size=32',
  '--heap-growing-percent=30',
  '--no-allocation-site-pretenuring',
];
