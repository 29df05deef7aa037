/** Cases of the burn rates, made from the objectives: twice the rate fires; half of it, one that is over, and low traffic do not. */
import { never, type Case, type CaseFile, type ValueCase } from '../alerts/cases/case.ts';
import { burnRateAlerts } from './burn-rates.ts';
import { budgetOf, secondsOf, type BurnRate, type Objective, type Objectives } from './objectives.ts';

const rules = 'monitoring/slo/slo.rules.yaml';
const order = ['evently-slo-records', 'evently-slo'];
const requestsPerStep = 1_000;
// So that the short window holds a few samples, and the long one not too many.
const stepsInShort = 3;
const msPerSecond = 1_000;
const secondsPerDay = 86_400;

/** For some steps so many requests come in each, of which so many are bad. */
type Stretch = { steps: number; requests: number; bad: number };

/** A file for each burn rate, because each has its own pace: three days in steps of 15 s are too many. */
export function burnRateCases(objectives: Objectives): Record<string, CaseFile> {
  return Object.fromEntries(
    objectives.burn_rates.map((rate) => {
      const alert = alertOf(objectives, rate);
      const cases = objectives.objectives.flatMap((objective) =>
        casesOf(objective, rate, alert, firstOfKind(objectives, objective)),
      );
      // What is left is counted by the shortest window, so in the steps that are short enough for it.
      const isShortest = objectives.burn_rates.every(
        ({ short }) => secondsOf(short) >= secondsOf(rate.short),
      );
      const values = isShortest ? objectives.objectives.map((one) => budgetCase(one, rate)) : [];
      return [`slo-${rate.long}`, { rules, every: `${stepSeconds(rate)}s`, order, cases, values }];
    }),
  );
}

function alertOf(objectives: Objectives, rate: BurnRate): string {
  return burnRateAlerts({ ...objectives, burn_rates: [rate] })[0]?.name ?? '';
}

function firstOfKind({ objectives }: Objectives, { name, kind }: Objective): boolean {
  return objectives.find((one) => one.kind === kind)?.name === name;
}

function stepSeconds({ short }: BurnRate): number {
  return secondsOf(short) / stepsInShort;
}

/** Objectives of one kind have rules of one shape: what is said of time and of low traffic, the first shows for all. */
function casesOf(objective: Objective, rate: BurnRate, alert: string, isFirst: boolean): Case[] {
  const long = Math.round(secondsOf(rate.long) / stepSeconds(rate));
  const over = stepsInShort + 1;
  const most = rate.factor * budgetOf(objective);
  const tooMany = rounded(Math.min(2 * most, (1 + most) / 2));
  const at = (steps: number): string => `${steps * stepSeconds(rate)}s`;
  const stretch = (steps: number, share: number): Stretch => ({
    steps,
    requests: requestsPerStep,
    bad: rounded(share * requestsPerStep),
  });
  const about = { alert, fires: never };
  const always: Case[] = [
    {
      alert,
      says: `${objective.name}, twice as fast as the bound`,
      series: seriesOf(objective, [stretch(long + over, tooMany)]),
      at: at(long + over),
      fires: [{ labels: { slo: objective.name }, value: `${rounded(tooMany * 100)}%` }],
    },
    {
      ...about,
      says: `${objective.name}, half as fast as the bound`,
      series: seriesOf(objective, [stretch(long + over, most / 2)]),
      at: at(long + over),
    },
  ];
  if (!isFirst) return always;
  return [
    ...always,
    {
      ...about,
      says: `${objective.name}, it was so, and is over`,
      series: seriesOf(objective, [stretch(long, tooMany), stretch(over, 0)]),
      at: at(long + over),
    },
    {
      ...about,
      says: `${objective.name}, it has only just begun`,
      series: seriesOf(objective, [stretch(long, 0), stretch(1, tooMany)]),
      at: at(long + 1),
    },
    {
      ...about,
      says: `${objective.name}, one of three requests was bad`,
      series: seriesOf(objective, alone(3, 1)),
      at: at(stepsInShort),
    },
    // In days there is much time in which a Prometheus that has just begun has seen nothing.
    ...(secondsOf(rate.long) < secondsPerDay ? [] : youngCases(objective, rate, alert, tooMany)),
  ];
}

/** So many requests and no others, in a short window that ends now. */
function alone(requests: number, bad: number): Stretch[] {
  const none = { requests: 0, bad: 0 };
  return [
    { steps: 1, ...none },
    { steps: 1, requests, bad },
    { steps: stepsInShort - 2, ...none },
  ];
}

function youngCases(objective: Objective, rate: BurnRate, alert: string, share: number): Case[] {
  const { name } = objective;
  const seen = (requests: number): Pick<Case, 'alert' | 'series'> => ({
    alert,
    series: seriesOf(objective, alone(requests, rounded(share * requests))),
  });
  const [few, enough] = [seen(0.9 * rate.minimum_requests), seen(1.1 * rate.minimum_requests)];
  const fires = [{ labels: { slo: name }, value: `${rounded(share * 100)}%` }];
  const whole = `${secondsOf(rate.short)}s`;
  const begun = `${secondsOf(rate.short) - stepSeconds(rate)}s`;
  return [
    { ...few, says: `${name}, a young Prometheus has seen too few requests`, at: whole, fires: never },
    { ...enough, says: `${name}, a young Prometheus has seen enough requests`, at: whole, fires },
    {
      ...few,
      says: `${name}, one younger than ${rate.short} has seen too few requests`,
      at: begun,
      fires: never,
    },
    { ...enough, says: `${name}, one younger than ${rate.short} has seen enough requests`, at: begun, fires },
  ];
}

function budgetCase(objective: Objective, rate: BurnRate): ValueCase {
  const steps = 20;
  const bad = rounded((budgetOf(objective) / 4) * requestsPerStep);
  return {
    says: `of ${objective.name} three quarters of the budget are left when a quarter of what may be bad was`,
    series: seriesOf(objective, [{ steps, requests: requestsPerStep, bad }]),
    at: `${steps * stepSeconds(rate)}s`,
    expr: `round(evently:slo_budget_left:ratio30d{slo="${objective.name}"}, 0.0001)`,
    labels: `{slo="${objective.name}"}`,
    value: 0.75,
  };
}

/** What a process of the objective would show: its counts of all requests, and of those that were bad or good. */
function seriesOf(objective: Objective, stretches: readonly Stretch[]): Record<string, string> {
  const { services, method, routes } = objective.requests;
  const of = `service="${services[0]}",method="${method}",route="${routes[0]}"`;
  const name = 'evently_http_request_duration_seconds';
  const all = counter(stretches, ({ requests }) => requests);
  const good = counter(stretches, ({ requests, bad }) => rounded(requests - bad));
  if (objective.kind === 'latency') {
    const le = objective.within_ms / msPerSecond;
    return {
      [`${name}_count{${of},status="200"}`]: all,
      [`${name}_bucket{${of},status="200",le="${le}"}`]: good,
    };
  }
  return {
    [`${name}_count{${of},status="200"}`]: good,
    [`${name}_count{${of},status="503"}`]: counter(stretches, ({ bad }) => bad),
  };
}

/** Samples of a counter that begins at 0, in promtool's notation. */
function counter(stretches: readonly Stretch[], growthOf: (stretch: Stretch) => number): string {
  const written = ['0'];
  let total = 0;
  for (const stretch of stretches) {
    const growth = growthOf(stretch);
    written.push(`${rounded(total + growth)}+${growth}x${stretch.steps - 1}`);
    total += growth * stretch.steps;
  }
  return written.join(' ');
}

/** Without the noise of binary fractions. */
function rounded(number: number): number {
  return Number(number.toPrecision(6));
}
