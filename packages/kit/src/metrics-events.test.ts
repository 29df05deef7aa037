import { expect, test } from 'vitest';
import { createBoundedEvents, maxEventLabels, otherEvents } from './metrics-events.ts';

function open() {
  const clock = { ms: 0 };
  const told: string[] = [];
  const events = createBoundedEvents({
    nowMs: () => clock.ms,
    began: (event) => told.push(`+${event}`),
    ended: (event) => told.push(`-${event}`),
  });
  return { clock, told, events };
}
const many = (count: number, of: string): string[] => Array.from({ length: count }, (_, at) => `${of}${at}`);

test('an event has a label once it sells or is on sale, and is one of others before', () => {
  const { events, told } = open();
  expect(events.labelOf('a')).toBe(otherEvents);
  expect(events.sellingLabelOf('a')).toBe('a');
  expect(events.labelOf('a')).toBe('a');
  events.onSale(['b']);
  expect(events.labelOf('b')).toBe('b');
  expect(told).toEqual(['+a', '+b']);
});

test('an event keeps its label for ten minutes after it sold, and while it is on sale', () => {
  const { events, told, clock } = open();
  events.sellingLabelOf('a');
  events.onSale(['b']);
  clock.ms = 599_999;
  events.onSale([]);
  expect(events.labelled()).toEqual(['a']);
  events.sellingLabelOf('a');
  clock.ms = 1_199_998;
  events.onSale(['c']);
  expect(events.labelled()).toEqual(['a', 'c']);
  clock.ms = 1_200_000;
  events.onSale(['c']);
  expect(events.labelled()).toEqual(['c']);
  expect(told).toEqual(['+a', '+b', '-b', '+c', '-a']);
});

test('there are never more labels than fifty, whatever sells and however much is on sale', () => {
  const { events, clock, told } = open();
  for (const event of many(500, 'sold')) events.sellingLabelOf(event);
  events.onSale(many(500, 'on-sale'));
  expect(events.labelled()).toHaveLength(maxEventLabels);
  expect(events.sellingLabelOf('late')).toBe(otherEvents);
  expect(events.soldLately().length).toBeLessThanOrEqual(2 * maxEventLabels);
  expect(events.soldLately().at(-1)).toBe('late');
  clock.ms = 600_001;
  // What is on sale takes the places of what does not sell any more, the most important first.
  events.onSale(many(500, 'on-sale'));
  expect(events.labelled()).toEqual(many(maxEventLabels, 'on-sale'));
  const [more, gone] = ['+', '-'].map((sign) => told.filter((one) => one.startsWith(sign)).length);
  expect((more ?? 0) - (gone ?? 0)).toBe(maxEventLabels);
});
