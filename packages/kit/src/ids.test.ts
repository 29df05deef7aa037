import { expect, test } from 'vitest';
import { newId, oldestIdOf } from './ids.ts';

test('ids are UUIDs of version 7 that carry their time and differ', () => {
  const ids = Array.from({ length: 20_000 }, () => newId(1_795_234_909_123));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(ids[0]?.replaceAll('-', '').slice(0, 12) ?? '', 16)).toBe(1_795_234_909_123);
});

test('the oldest id of a time comes before every id made then, and after those made before', () => {
  expect(oldestIdOf(1_000) < newId(1_000)).toBe(true);
  expect(oldestIdOf(1_000) > newId(999)).toBe(true);
});

test('a later id sorts after an earlier one', () => {
  expect(newId(2) > newId(1)).toBe(true);
  expect(newId(2 ** 40) > newId(2 ** 40 - 1)).toBe(true);
});
