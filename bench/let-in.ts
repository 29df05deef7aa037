/** Lets the arrivals of a run in, as an open loop or as the maximum of a closed one. */
import { runMaximum } from 'evently/generator/closed-loop';
import { runOpenLoop, type Answer, type LoadReport } from 'evently/generator/open-loop';
import { poissonArrivals } from 'evently/generator/poisson';
import type { Place } from './place.ts';
import type { Arrivals } from './result.ts';

export type Entrance = {
  /** The prepared bytes of each arrival. */
  requests: readonly Buffer[];
  arrivals: Arrivals;
  /** Seeds Poisson arrivals. */
  run: number;
  onAnswer: (answer: Answer) => void;
  /** Of an open loop: when an arrival comes again, null when its answer stands. */
  again?: (answer: Answer) => number | null;
};

const connections = 1_024;
const deadlineMs = 20_000;

export function letIn(place: Place, entrance: Entrance): Promise<LoadReport> {
  const [target, ...moreTargets] = place.targets;
  if (target === undefined) throw new Error('a place has at least one target');
  const { requests, arrivals, onAnswer, again } = entrance;
  const requestOf = (index: number): Buffer => requests[index] ?? Buffer.alloc(0);
  const common = { target, count: requests.length, requestOf, deadlineMs, onAnswer };
  if (arrivals.kind === 'maximum') return runMaximum({ ...common, connections: arrivals.connections });
  return runOpenLoop({
    ...common,
    moreTargets,
    connections: Math.ceil(connections / place.targets.length),
    ratePerSecond: arrivals.perSecond,
    ...(again === undefined ? {} : { again }),
    ...(arrivals.kind === 'poisson'
      ? { dueMs: poissonArrivals(requests.length, arrivals.perSecond, entrance.run) }
      : {}),
  });
}
