import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId } from './ids.ts';
import { formatTraceparent, parseTraceparent, traceIdOfRequest } from './tracing-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent is read as the standard shows it', () => {
  expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true });
  expect(parseTraceparent(`00-${traceId}-${spanId}-00`)).toEqual({ traceId, spanId, sampled: false });
  // Other bits of the flags mean something else, or nothing yet.
  expect(parseTraceparent(`00-${traceId}-${spanId}-fe`)).toMatchObject({ sampled: false });
  expect(parseTraceparent(`00-${traceId}-${spanId}-ff`)).toMatchObject({ sampled: true });
});

test('a later version is read by what this one knows of it', () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-says`)).toMatchObject({ traceId });
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01.more`)).toBeNull();
});

test.each([
  ['nothing', undefined],
  ['an empty one', ''],
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['version 00 that says more', `00-${traceId}-${spanId}-01-extra`],
  ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
  ['a long span id', `00-${traceId}-${spanId}0-01`],
  ['flags of one digit', `00-${traceId}-${spanId}-1`],
  ['spaces', ` 00-${traceId}-${spanId}-01 `],
  ['two headers that were joined', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  ['a line break', `00-${traceId}-${spanId}-01\nx: y`],
  ['letters that are not hexadecimal', `00-${traceId.replace('4', 'g')}-${spanId}-01`],
  ['digits of another script', `00-${traceId.replace('4', '٤')}-${spanId}-01`],
  ['a megabyte', `cc-${traceId}-${spanId}-01-${'a'.repeat(1_000_000)}`],
])('%s is no traceparent', (_what, text) => {
  expect(parseTraceparent(text)).toBeNull();
});

test('whatever is sent, what comes out is a trace id or nothing', () => {
  const piece = fc.constantFrom('00', 'ff', traceId, spanId, '-', '01', ' ', ',', '0'.repeat(32), 'é', '\0');
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (sent) => {
      const parsed = parseTraceparent(sent);
      if (parsed === null) return;
      expect(parsed.traceId).toMatch(/^[\da-f]{32}$/);
      expect(parseTraceparent(formatTraceparent(parsed))).toEqual(parsed);
    }),
    { numRuns: 2_000 },
  );
});

test('a request without a trace has one by its id: the same whenever it is asked', () => {
  const id = newId(1_700_000_000_000);
  expect(traceIdOfRequest(id)).toBe(id.replaceAll('-', ''));
  expect(traceIdOfRequest(id.toUpperCase())).toBe(traceIdOfRequest(id));
  const chosen = traceIdOfRequest('order.2026_17');
  expect(chosen).toMatch(/^[\da-f]{32}$/);
  expect(traceIdOfRequest('order.2026_17')).toBe(chosen);
  expect(traceIdOfRequest('order.2026_18')).not.toBe(chosen);
});
