import { expect, test } from 'vitest';
import { nothingKnown, type State } from './index-source.ts';
import { nextState } from './next-state.ts';

const known: State = { version: 5, document: null, stock: { version: 3, available: 7 } };

test('an older word changes nothing, whichever of the two orders it is of', () => {
  const content = { version: 4, document: null };
  expect(nextState(known, { eventId: 'x', content, stock: { version: 2, available: 1 } })).toBeNull();
  expect(nextState(known, { eventId: 'x', content: undefined, stock: undefined })).toBeNull();
});

test('a stock of the same version replaces: that is how a damaged one is repaired', () => {
  const stock = { version: 3, available: 1 };
  expect(nextState(known, { eventId: 'x', content: undefined, stock })).toEqual({ ...known, stock });
});

test('a newer stock leaves the document, a newer or equal document leaves the stock', () => {
  const stock = { version: 4, available: 0 };
  expect(nextState(known, { eventId: 'x', content: undefined, stock })).toEqual({ ...known, stock });
  const content = { version: 5, document: null };
  expect(nextState(known, { eventId: 'x', content, stock: undefined })).toEqual(known);
});

test('of an event that nobody knew, the first word counts', () => {
  const stock = { version: 0, available: 2 };
  expect(nextState(nothingKnown, { eventId: 'x', content: undefined, stock })).toEqual({
    version: -1,
    document: null,
    stock,
  });
  const content = { version: 0, document: null };
  expect(nextState(nothingKnown, { eventId: 'x', content, stock: undefined })).toEqual({
    version: 0,
    document: null,
    stock: null,
  });
});
