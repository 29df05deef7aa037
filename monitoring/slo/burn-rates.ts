/**
 * Recording rules and alerts of the objectives: several windows, several burn rates, as in the Site Reliability Workbook
 * (https://sre.google/workbook/alerting-on-slos/, "Multiwindow, Multi-Burn-Rate Alerts").
 */
import type { Alert, RecordingRule } from '../alerts/alert.ts';
import { budgetOf, secondsOf, type BurnRate, type Objective, type Objectives } from './objectives.ts';
import { badRate, requestRate } from './request-series.ts';

const shortest = '5m';
const budgetWindow = '30d';
const secondsPerDay = 86_400;

/** Each window that an alert looks at, shortest first. */
export function windowsOf({ burn_rates: rates }: Objectives): string[] {
  const windows = new Set([shortest, ...rates.flatMap(({ long, short }) => [short, long])]);
  return [...windows].toSorted((a, b) => secondsOf(a) - secondsOf(b));
}

/** Requests and bad requests a second, of each objective and window, and its target. */
export function recordingRules(objectives: Objectives): RecordingRule[] {
  const windows = windowsOf(objectives);
  const base = windows.findLast((window) => secondsOf(window) < secondsPerDay) ?? shortest;
  return objectives.objectives.flatMap((objective) => {
    const labels = { slo: objective.name };
    // Days of every series of a histogram are much to read twice a minute; the mean of what was recorded is the same.
    const record = (nameOf: (window: string) => string, rate: typeof badRate, window: string): string =>
      secondsOf(window) < secondsPerDay
        ? rate(objective, window)
        : `avg_over_time(${nameOf(base)}${of(objective)}[${window}])`;
    return [
      ...windows.flatMap((window) => [
        { record: requestsName(window), expr: record(requestsName, requestRate, window), labels },
        { record: badName(window), expr: record(badName, badRate, window), labels },
      ]),
      { record: 'evently:slo_target:ratio', expr: `vector(${objective.target})`, labels },
    ];
  });
}

/**
 * What is left of the budget of 30 days: 1 is all of it, below 0 more than all is used. Weighted by traffic: a night
 * without buyers says nothing about how a sale went.
 */
export function budgetRules({ objectives }: Objectives): RecordingRule[] {
  return objectives.map((objective) => {
    const sum = (name: string): string => `sum_over_time(${name}${of(objective)}[${budgetWindow}])`;
    return {
      record: `evently:slo_budget_left:ratio${budgetWindow}`,
      expr: `1 - ${sum(badName(shortest))} / (${sum(requestsName(shortest))} > 0) / ${budgetOf(objective)}`,
      labels: { slo: objective.name },
    };
  });
}

const paces: readonly { name: string; least: number; pace: string }[] = [
  { name: 'EventlyErrorBudgetBurnsFast', least: 10, pace: 'within two days' },
  { name: 'EventlyErrorBudgetBurns', least: 2, pace: 'within five days' },
  { name: 'EventlyErrorBudgetBurnsSlowly', least: 0, pace: 'before its 30 days are over' },
];

/** One for each objective and burn rate: the long window says that it matters, the short one that it still goes on. */
export function burnRateAlerts({ objectives, burn_rates: rates }: Objectives): Alert[] {
  return objectives.flatMap((objective) => rates.map((rate) => burnRateAlert(objective, rate)));
}

function burnRateAlert(objective: Objective, rate: BurnRate): Alert {
  const { factor, long, short, severity, minimum_requests: minimum } = rate;
  const { name, pace } = paces.find(({ least }) => factor >= least) ?? { name: '', pace: '' };
  const most = Number((factor * budgetOf(objective)).toPrecision(6));
  const ratio = (window: string): string =>
    `${badName(window)}${of(objective)} / ${requestsName(window)}${of(objective)}`;
  const percent = Number((most * 100).toPrecision(4));
  return {
    name,
    severity,
    labels: { slo: objective.name },
    conditions: [
      { measure: ratio(long), is: [['>', most]] },
      { on: ['slo'], measure: ratio(short), is: [['>', most]] },
      { on: ['slo'], measure: requestsOf(objective, rate), is: [['>=', minimum]] },
    ],
    summary: `${objective.name}: the error budget of 30 days would be used up ${pace}`,
    description:
      `{{ $value | humanizePercentage }} of the requests of the last ${long} were bad, and of the last ${short} as well; ` +
      `from ${percent} % on the budget burns ${factor} times faster than it may. ${objective.about}.`,
    runbook: 'error-budget-burns',
    dashboard: objective.name.startsWith('reserve')
      ? 'sale'
      : objective.name.startsWith('confirm')
        ? 'checkout'
        : 'services',
  };
}

/**
 * How many requests came in the long window. What is recorded of days is the mean of the time with samples, which of a young
 * Prometheus is short; so their requests are those of each short window in it, added up. These end at whole multiples of their
 * length, so the newest requests may be missing for one; before the first has ended it is the present one.
 */
function requestsOf(objective: Objective, { long, short }: BurnRate): string {
  if (secondsOf(long) < secondsPerDay) return `${requestsName(long)}${of(objective)} * ${secondsOf(long)}`;
  const recent = `${requestsName(short)}${of(objective)}`;
  return `(sum_over_time(${recent}[${long}:${short}]) or ${recent}) * ${secondsOf(short)}`;
}

function requestsName(window: string): string {
  return `evently:slo_requests:rate${window}`;
}

function badName(window: string): string {
  return `evently:slo_bad_requests:rate${window}`;
}

function of({ name }: Objective): string {
  return `{slo="${name}"}`;
}
