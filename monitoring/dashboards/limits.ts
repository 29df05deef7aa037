/** Where a number turns bad, taken from the objectives: what a dashboard calls red is what an alert judges. */
import { readObjectives } from '../slo/objectives.ts';
import { rising, type Step } from './panel.ts';

const msPerSecond = 1_000;
// Yellow from here on: late enough to be no noise, early enough to look before it is red.
const warningShare = 0.7;

const { objectives, sale } = readObjectives();

/** Steps of a latency, in seconds, by the objective's limit. */
export function latencySteps(objective: string): readonly Step[] {
  const found = objectives.find(({ name }) => name === objective);
  if (found?.kind !== 'latency') throw new Error(`the objectives have no latency "${objective}"`);
  const limit = found.within_ms / msPerSecond;
  return rising(limit * warningShare, limit);
}

/** Steps of a share of failures, by what the objective allows: yellow uses up its budget, red does so ten times as fast. */
export function failureSteps(objective: string): readonly Step[] {
  const found = objectives.find(({ name }) => name === objective);
  if (found?.kind !== 'availability') throw new Error(`the objectives have no availability "${objective}"`);
  const allowed = Number((1 - found.target).toPrecision(3));
  return rising(allowed, Number((10 * allowed).toPrecision(3)));
}

/** Steps of the share of version conflicts; red is where the alert is. */
export const conflictSteps: readonly Step[] = rising(sale.conflict_ratio * warningShare, sale.conflict_ratio);

/** Steps of a batch's time, in seconds. */
export const batchSteps: readonly Step[] = rising(
  (sale.batch_p99_ms / msPerSecond) * warningShare,
  sale.batch_p99_ms / msPerSecond,
);
