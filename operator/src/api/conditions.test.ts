import { expect, test } from 'vitest';
import { conditionMessage, conditionReasons, maxMessageCharacters, reasonWords } from './conditions.ts';

test('a message says the facts, then what to do', () => {
  expect(conditionMessage('CapacityReady', 'CappedByMax', 'Needs 40 pods, the limit is 30.')).toBe(
    'Needs 40 pods, the limit is 30. Raise maxReplicas of the HorizontalPodAutoscaler, or move a sale.',
  );
});

test('without facts it says what the reason means, and nothing more where nothing is to be done', () => {
  expect(conditionMessage('SaleOpen', 'Open')).toBe('Booking sells.');
});

test('a message that is too long keeps what to do', () => {
  const message = conditionMessage('Armed', 'Refused', 'x'.repeat(5_000));
  expect(message).toHaveLength(maxMessageCharacters);
  expect(message).toMatch(/x… Read the refusal above and change the spec\.$/);
});

test('every reason is one CamelCase word, and its words are sentences', () => {
  const all = Object.entries(conditionReasons).flatMap(([type, reasons]) =>
    Object.entries(reasons).map(([reason, words]) => ({ at: `${type}/${reason}`, reason, ...words })),
  );
  expect(all.length).toBeGreaterThan(40);
  const wrong = all.filter(
    ({ reason, means, next }) =>
      !/^[A-Z][A-Za-z]+$/.test(reason) || !means.endsWith('.') || !next.endsWith('.'),
  );
  expect(wrong.map(({ at }) => at)).toEqual([]);
  // kstatus: these two are there only while they are True.
  expect(all.filter(({ at, status }) => /^(Reconciling|Stalled)/.test(at) && status !== 'True')).toEqual([]);
});

test('a reason that a condition does not have is not found', () => {
  expect(reasonWords('Ready', 'Scheduled')?.status).toBe('True');
  expect(reasonWords('Ready', 'toString')).toBeUndefined();
});
