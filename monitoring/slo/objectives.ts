/** Reads `objectives.json`, the one place where it is said how good the platform is to be, and refuses what makes no sense. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

export const objectivesFile = 'monitoring/slo/objectives.json';

const name = z.string().regex(/^[a-z]+(-[a-z]+)*$/, 'must be words in lower case, joined by hyphens');
// Prometheus' own way to write a span; one unit is enough here.
const span = z.string().regex(/^[1-9]\d{0,2}[mhd]$/, 'must be a span such as 5m, 1h or 3d');
const share = z.number().gt(0).lt(1);
// A route stands inside a regular expression of a matcher: nothing in it may mean more than itself.
const route = z
  .string()
  .regex(/^(\/[\w:-]+)+$/, 'must be the pattern of a route, such as /api/v1/events/:id');

const requests = z.strictObject({
  /** Label `service` of `evently_http_request_duration_seconds`. */
  services: z.array(z.string().regex(/^[a-z]+$/)).min(1),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  routes: z.array(route).min(1),
});
const common = { name, about: z.string().min(20), target: share, requests };

const objective = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('availability') }),
  /** `target` is the share of answers that take at most `within_ms`. */
  z.strictObject({ ...common, kind: z.literal('latency'), within_ms: z.int().min(1).max(10_000) }),
]);

const burnRate = z.strictObject({
  /** How many times faster than it may the budget is used up. */
  factor: z.number().min(1),
  long: span,
  short: span,
  severity: z.enum(['page', 'ticket']),
  /** In the long window; with fewer, a single failure would look like a fire. */
  minimum_requests: z.int().min(1),
});

const sale = z.strictObject({
  /** Window of the alerts of a sale. A minute holds four scrapes of 15 s; the rate of fewer than two is nothing. */
  window: z.literal('1m'),
  /** In that window. */
  minimum_requests: z.int().min(1),
  reserve_error_ratio: share,
  conflict_ratio: share,
  batch_p99_ms: z.int().min(1),
});

const schema = z
  .strictObject({
    objectives: z.array(objective).min(1),
    burn_rates: z.array(burnRate).min(1),
    sale,
  })
  .superRefine(({ objectives, burn_rates: rates }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    const names = objectives.map((one) => one.name);
    for (const twice of names.filter((one, at) => names.indexOf(one) !== at))
      refuse(`two objectives are called ${twice}`);
    for (const { long, short, factor } of rates) {
      if (secondsOf(short) >= secondsOf(long)) refuse(`a short window of ${short} is not within ${long}`);
      for (const { name: of, target } of objectives) {
        if (factor * (1 - target) >= 1) refuse(`${of}: no ratio of failures is ${factor} times its budget`);
      }
    }
  });

export type Objectives = z.output<typeof schema>;
export type Objective = z.output<typeof objective>;
export type BurnRate = z.output<typeof burnRate>;

/** Throws one sentence for each fault, with where it is. */
export function parseObjectives(text: string): Objectives {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || 'all of it'}: ${issue.message}`,
  );
  throw new Error(`${objectivesFile} is not as it must be:\n${faults.join('\n')}`);
}

export function readObjectives(): Objectives {
  return parseObjectives(readFileSync(path.join(import.meta.dirname, 'objectives.json'), 'utf8'));
}

/** The objective of that name; throws when the file has none. */
export function objectiveNamed(objectives: Objectives, wanted: string): Objective {
  const found = objectives.objectives.find((one) => one.name === wanted);
  if (found === undefined) throw new Error(`${objectivesFile} has no objective ${wanted}`);
  return found;
}

const secondsPerUnit: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/** Seconds of a span such as 5m. */
export function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * (secondsPerUnit[text.slice(-1)] ?? Number.NaN);
}

/** What fewer answers than the target may be; the share of requests that may go wrong, without the noise of binary fractions. */
export function budgetOf({ target }: Pick<Objective, 'target'>): number {
  return Number((1 - target).toPrecision(6));
}
