/** One measured run of requests other than reserving: confirmations, reads. */
import { pause, systemClock } from '@evently/kit/clock';
import { createLatencyRecorder } from 'evently/generator/latency';
import { letIn } from './let-in.ts';
import { perUnit, readCpu, readMeters, spentBetween } from './measure/meters.ts';
import { ownMemoryMb, watchMemory } from './measure/processes.ts';
import type { Place } from './place.ts';
import type { Arrivals, CallResult } from './result.ts';

export type CallPlan = {
  profile: string;
  variant: string;
  run: number;
  /** What one is called in a table, such as "confirm". */
  call: string;
  /** The prepared bytes of each arrival. */
  requests: readonly Buffer[];
  arrivals: Arrivals;
  /** How long the database's counters are given to come in. */
  settleMs: number;
};

const servedStatus = '200';

/** Every answer but 200 is a fault, and so is an invariant that does not hold afterwards. */
export async function runCalls(place: Place, plan: CallPlan): Promise<CallResult> {
  const answers = new Map<string, number>();
  const latency = createLatencyRecorder();
  let lastServedMs = 0;
  const before = await readMeters(place);
  const memory = place.servers.map(watchMemory);
  const load = await letIn(place, {
    ...plan,
    onAnswer: ({ outcome, latencyMs, endedMs }) => {
      const status = outcome.kind === 'answered' ? String(outcome.response.status) : outcome.kind;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (status !== servedStatus) return;
      latency.record(latencyMs);
      lastServedMs = Math.max(lastServedMs, endedMs);
    },
  });
  const cpuAfter = await readCpu(place);
  const memoryMb = await Promise.all(memory.map((watch) => watch.stop()));
  await pause(plan.settleMs);
  const spent = spentBetween(before, cpuAfter, await readMeters(place), plan.settleMs);
  const brokenInvariants = (await place.brokenInvariants?.()) ?? null;
  const served = answers.get(servedStatus) ?? 0;
  return {
    kind: 'calls',
    profile: plan.profile,
    variant: plan.variant,
    run: plan.run,
    at: systemClock.now().toISOString(),
    call: plan.call,
    arrivals: plan.arrivals,
    load,
    answers: Object.fromEntries(answers),
    answersPerSecond: load.durationMs === 0 ? 0 : (load.answered * 1_000) / load.durationMs,
    served,
    servedPerSecond: lastServedMs === 0 ? 0 : (served * 1_000) / lastServedMs,
    latency: latency.summary(),
    batches: spent.batches,
    commitsPerCall: perUnit(spent.commits, served),
    flushesPerCall: perUnit(spent.flushes, served),
    walBytesPerCall: perUnit(spent.walBytes, served),
    cpuSeconds: spent.cpuSeconds,
    cpuMicrosecondsPerCall: perUnit(spent.cpuMicroseconds, served),
    memoryMb,
    generatorMemoryMb: ownMemoryMb(),
    brokenInvariants,
    faults: [...unservedFaults(answers), ...(brokenInvariants ?? [])],
  };
}

function unservedFaults(answers: ReadonlyMap<string, number>): string[] {
  return [...answers]
    .filter(([status]) => status !== servedStatus)
    .map(([status, count]) => `${count} requests ended with ${status}`);
}
