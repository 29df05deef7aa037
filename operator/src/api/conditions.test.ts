import { readFileSync } from 'node:fs';
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

test('every reason of the table is told somewhere, so that the reference promises nothing else', () => {
  const tellers = ['conditions.ts', 'readiness.ts', 'plan.ts', 'status.ts'];
  const told = tellers
    .map((name) => readFileSync(new URL(`../sale/${name}`, import.meta.url), 'utf8'))
    // A set of reasons that are quiet, or that warn, tells none.
    .map((text) => text.replaceAll(/new Set\(\[[^\]]*\]\)/g, ''))
    .join('');
  const all = Object.values(conditionReasons).flatMap((reasons) => Object.keys(reasons));
  expect(all.filter((reason) => !told.includes(`'${reason}'`))).toEqual([]);
});
