/** Label selectors of Kubernetes: which labels they choose. */
import { z } from 'zod';

export type Labels = Readonly<Record<string, string>>;

const expression = z.discriminatedUnion('operator', [
  z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn']), values: z.array(z.string()).min(1) }),
  z.strictObject({ key: z.string(), operator: z.enum(['Exists', 'DoesNotExist']) }),
]);

/** Strict: a field that is not known here would be ignored, and the verdict with it. */
export const selectorSchema = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(expression).optional(),
});
export type Selector = z.output<typeof selectorSchema>;

/** All parts must hold; a selector without parts chooses everything. */
export function selects(selector: Selector, labels: Labels): boolean {
  const pairs = Object.entries(selector.matchLabels ?? {});
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => holds(one, labels))
  );
}

function holds(one: z.output<typeof expression>, labels: Labels): boolean {
  const value = labels[one.key];
  switch (one.operator) {
    case 'In':
      return value !== undefined && one.values.includes(value);
    // A label that is not there is not among the values either.
    case 'NotIn':
      return value === undefined || !one.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
