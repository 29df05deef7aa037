/** What the platform is to reach, and what these results say of it: each target met or not, plainly. Pure. */
import { formatCount, formatMs } from 'evently/screen/table';
import { isFlat } from '../analysis/flatness.ts';
import { ratioOf } from '../analysis/ratio.ts';
import { spreadOf, type Spread } from '../analysis/spread.ts';
import {
  atOneProcess,
  herdTitle,
  maximumTitle,
  ownTitle,
  processesTitle,
  strategyTitles,
  tableTitle,
} from '../profiles/titles.ts';
import { faultsOf, isCalls, isSale, type CallResult, type Result, type SaleResult } from '../result.ts';
import { formatPercent, formatSpread, markdownTable } from './markdown.ts';

export type Verdict =
  'goal met' | 'floor met' | 'MISSED' | 'FAULTY' | 'not measured in this run' | 'a small run, not judged';
export type JudgedTarget = { what: string; floor: string; goal: string; measured: string; verdict: Verdict };

/** What was found of one target; null when its profile was not run, or not at this size. */
type Finding = { used: readonly Result[]; measured: string; floor: boolean; goal: boolean } | null;
type Target = {
  what: string;
  floor: string;
  goal: string;
  find: (results: readonly Result[]) => Finding;
};

const targetRate = 10_000;
const [floorRefusals, goalRefusals] = [20_000, 30_000];
const [fewBookings, manyBookings] = [10_000, 1_000_000];
// A rate is held when this share of it was answered within the run, its drain included.
const heldShare = 0.97;

const targets: readonly Target[] = [
  {
    what: 'durable sales per second, one event, one booking process',
    floor: '15,000',
    goal: '25,000 (stretch 30,000)',
    find: (all) => {
      const own = salesOf(all, 'strategies', ownTitle);
      return against(own, spreadOf(own.map(soldPerSecond)), formatCount, 15_000, 25_000);
    },
  },
  {
    what: 'against the empty handler of the same stack in the same run',
    floor: '40 %',
    goal: '60 %',
    find: (all) => {
      const own = salesOf(all, 'strategies', ownTitle);
      const empty = salesOf(all, 'strategies', strategyTitles['empty-handler']);
      return against([...own, ...empty], ratioOf(own, empty, soldPerSecond), formatPercent, 0.4, 0.6);
    },
  },
  {
    what: '10,000 arrivals per second: p99 / p99.9 / errors',
    floor: '100 ms / 200 ms / 0',
    goal: '50 ms / 100 ms / 0',
    find: findSteady,
  },
  {
    what: 'sold-out refusals per second, p99',
    floor: '20,000, 50 ms',
    goal: '30,000, 30 ms',
    find: findRefusals,
  },
  { what: '300 for 299: sold, wall time', floor: '299, 300 ms', goal: '299, 100 ms', find: findHerd },
  processesTarget(2, 0.85, 0.95),
  processesTarget(4, 0.7, 0.85),
  {
    what: 'confirm (with the fake provider), per second',
    floor: '2,000',
    goal: '5,000',
    find: (all) => findCalls(all, 'confirm', 2_000, 5_000),
  },
  {
    what: 'availability reads through the gateway, per second',
    floor: '15,000',
    goal: '30,000',
    find: (all) => findCalls(all, 'availability', 15_000, 30_000),
  },
  {
    what: 'CPU per sale, all processes but the generator',
    floor: '65 us',
    goal: '45 us',
    find: (all) => {
      const own = salesOf(all, 'strategies', ownTitle);
      const spread = spreadOf(own.flatMap((result) => result.cpuMicrosecondsPerSale ?? []));
      return against(own, spread, (us) => `${us.toFixed(1)} us`, 65, 45);
    },
  },
  {
    what: '1,000,000 bookings in the tables against 10,000: sales per second',
    floor: '90 %',
    goal: '97 %',
    find: (all) => {
      const many = salesOf(all, 'table-size', tableTitle(manyBookings));
      const few = salesOf(all, 'table-size', tableTitle(fewBookings));
      return against([...many, ...few], ratioOf(many, few, soldPerSecond), formatPercent, 0.9, 0.97);
    },
  },
  {
    what: 'memory of the booking process at 10,000 arrivals per second for 60 s',
    floor: '250 MB, flat',
    goal: '150 MB, flat',
    find: findMemory,
  },
];

/** Of a run that is not `full` the figures are told and not judged: its sizes are not those of the targets. */
export function judgeTargets(results: readonly Result[], full: boolean): readonly JudgedTarget[] {
  return targets.map(({ what, floor, goal, find }) => {
    const finding = find(results);
    if (finding === null) return { what, floor, goal, measured: '', verdict: 'not measured in this run' };
    const verdict = full ? verdictOf(finding) : 'a small run, not judged';
    return { what, floor, goal, measured: finding.measured, verdict };
  });
}

function verdictOf(finding: NonNullable<Finding>): Verdict {
  if (finding.used.some((result) => faultsOf(result).length > 0)) return 'FAULTY';
  if (finding.goal) return 'goal met';
  return finding.floor ? 'floor met' : 'MISSED';
}

export function renderTargets(judged: readonly JudgedTarget[]): string {
  const rows = judged.map(({ what, floor, goal, measured, verdict }) => [
    what,
    floor,
    goal,
    measured,
    verdict,
  ]);
  return markdownTable(['target', 'floor', 'goal', 'measured', ''], 5, rows);
}

const soldPerSecond = (result: SaleResult): number => result.soldPerSecond;

function salesOf(all: readonly Result[], profile: string, variant: string): SaleResult[] {
  return all.filter(isSale).filter((result) => result.profile === profile && result.variant === variant);
}

/** More is better where the goal lies above the floor, less where it lies below. */
function against(
  used: readonly Result[],
  spread: Spread | null,
  format: (value: number) => string,
  floor: number,
  goal: number,
): Finding {
  if (spread === null) return null;
  const reaches = (limit: number): boolean =>
    goal > floor ? spread.median >= limit : spread.median <= limit;
  return { used, measured: formatSpread(spread, format), floor: reaches(floor), goal: reaches(goal) };
}

/** Anything but a seat at the first request is an error here: there is a seat for everyone. */
function findSteady(all: readonly Result[]): Finding {
  const runs = all
    .filter(isSale)
    .filter(({ profile, arrivals }) => profile === 'load' && rateOf(arrivals) === targetRate)
    .filter(({ variant }) => !variant.startsWith('ramp'));
  const p99 = spreadOf(runs.map(({ winners }) => winners.p99));
  const p999 = spreadOf(runs.map(({ winners }) => winners.p999));
  if (p99 === null || p999 === null) return null;
  const errors = runs.reduce((sum, run) => sum + run.load.offered - run.sold + run.shed + run.unavailable, 0);
  const within = (p99Ms: number, p999Ms: number): boolean =>
    errors === 0 && p99.median <= p99Ms && p999.median <= p999Ms;
  return {
    used: runs,
    measured: `${formatSpread(p99, formatMs)} / ${formatSpread(p999, formatMs)} / ${formatCount(errors)}`,
    floor: within(100, 200),
    goal: within(50, 100),
  };
}

/** One booking process is judged, as for sales; a platform's gateway where no process was measured by itself. */
function findRefusals(all: readonly Result[]): Finding {
  const storms = all.filter(isSale).filter(({ profile }) => profile === 'storm');
  const ofProcess = storms.filter(({ variant }) => variant.endsWith(atOneProcess));
  const byGateway = storms.filter(({ variant }) => !variant.endsWith(atOneProcess));
  const judged = ofProcess.length > 0 ? ofProcess : byGateway;
  const held = (rate: number, p99Ms: number): boolean => {
    const runs = judged.filter(({ arrivals }) => rateOf(arrivals) === rate);
    const answers = spreadOf(runs.map(({ answersPerSecond }) => answersPerSecond));
    const p99 = spreadOf(runs.map(({ losers }) => losers.p99));
    return answers !== null && p99 !== null && answers.median >= heldShare * rate && p99.median <= p99Ms;
  };
  const told = [...tellRefusals(ofProcess, 'one process: '), ...tellRefusals(byGateway, 'by the gateway: ')];
  if (told.length === 0) return null;
  return {
    used: storms,
    measured: told.join('; '),
    floor: held(floorRefusals, 50) || held(goalRefusals, 50),
    goal: held(goalRefusals, 30),
  };
}

/** What was answered of each rate, and the most of a closed loop. */
function tellRefusals(runs: readonly SaleResult[], whose: string): string[] {
  const told = (of: readonly SaleResult[], how: string): string[] => {
    const answers = spreadOf(of.map(({ answersPerSecond }) => answersPerSecond));
    const p99 = spreadOf(of.map(({ losers }) => losers.p99));
    if (answers === null || p99 === null) return [];
    return [`${whose}${how} ${formatSpread(answers, formatCount)} at ${formatSpread(p99, formatMs)}`];
  };
  const rates = [floorRefusals, goalRefusals].flatMap((rate) =>
    told(
      runs.filter(({ arrivals }) => rateOf(arrivals) === rate),
      `of ${formatCount(rate)}/s offered`,
    ),
  );
  return [
    ...rates,
    ...told(
      runs.filter(({ variant }) => variant.startsWith(maximumTitle)),
      maximumTitle,
    ),
  ];
}

function findHerd(all: readonly Result[]): Finding {
  const runs = salesOf(all, 'herd', herdTitle(300, 299));
  const wall = spreadOf(runs.flatMap(({ soldOutMs }) => soldOutMs ?? []));
  const sold = spreadOf(runs.map((run) => run.sold));
  if (sold === null) return null;
  const exact = sold.least === 299 && sold.most === 299;
  return {
    used: runs,
    measured: `${formatSpread(sold, formatCount)}, ${wall === null ? 'not sold out' : formatSpread(wall, formatMs)}`,
    floor: exact && wall !== null && wall.median <= 300,
    goal: exact && wall !== null && wall.median <= 100,
  };
}

function processesTarget(count: number, floor: number, goal: number): Target {
  return {
    what: `${count} processes against 1, one event`,
    floor: `${100 * floor} %`,
    goal: `${100 * goal} %`,
    find: (all) => {
      const several = salesOf(all, 'pods', processesTitle(count));
      const one = salesOf(all, 'pods', processesTitle(1));
      const ratio = ratioOf(several, one, soldPerSecond);
      return against([...several, ...one], ratio, formatPercent, floor, goal);
    },
  };
}

/** The maximum decides; the percentile at each rate is told beside it. */
function findCalls(all: readonly Result[], profile: string, floor: number, goal: number): Finding {
  const runs = all.filter(isCalls).filter((result) => result.profile === profile);
  const most = runs.filter(({ variant }) => variant === maximumTitle);
  const finding = against(
    runs,
    spreadOf(most.map(({ servedPerSecond }) => servedPerSecond)),
    formatCount,
    floor,
    goal,
  );
  if (finding === null) return null;
  const rates = [...new Set(runs.flatMap(({ arrivals }) => rateOf(arrivals) ?? []))];
  const told = rates.flatMap((rate) => latencyAt(runs, rate));
  return { ...finding, measured: [finding.measured, ...told].join('; ') };
}

function latencyAt(runs: readonly CallResult[], rate: number): string[] {
  const p99 = spreadOf(
    runs.filter(({ arrivals }) => rateOf(arrivals) === rate).map(({ latency }) => latency.p99),
  );
  return p99 === null ? [] : [`at ${formatCount(rate)}/s p99 ${formatSpread(p99, formatMs)}`];
}

function findMemory(all: readonly Result[]): Finding {
  const runs = all
    .filter(isSale)
    .filter(({ profile, arrivals }) => profile === 'memory' && rateOf(arrivals) === targetRate);
  const spans = runs.flatMap(({ memoryMb }) => memoryMb[0] ?? []);
  const most = spreadOf(spans.map((span) => span.most));
  if (most === null) return null;
  const flat = spans.every(isFlat);
  const finding = against(runs, most, (mb) => `${mb.toFixed(0)} MB`, 250, 150);
  if (finding === null) return null;
  return {
    ...finding,
    measured: `${finding.measured}, ${flat ? 'flat' : 'not flat'}`,
    floor: finding.floor && flat,
    goal: finding.goal && flat,
  };
}

function rateOf(arrivals: SaleResult['arrivals'] | undefined): number | null {
  return arrivals === undefined || arrivals.kind === 'maximum' ? null : arrivals.perSecond;
}
