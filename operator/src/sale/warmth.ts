/** Which warming calls are due, and whether what is required is warm everywhere it has to be. Pure. */
import { whereIs } from '../dataplane/prewarm.ts';
import type { Pod, Sale, WarmResult, WarmTaskSpec } from './model.ts';
import { maxWarmCalls, type WarmDue, type Warmth } from './sale-plan.ts';

/** A result is repeated after this while the sale has not opened, and is no longer believed some time later. */
export const refreshAfterMs = 1_800_000;
export const expiresAfterMs = 2_700_000;
// What is not required leaves the pods alone while everyone comes.
const quietBeforeMs = 30_000;
const quietAfterMs = 60_000;

export type WarmView = {
  sale: Sale;
  pods: readonly Pod[];
  results: readonly WarmResult[];
  nowMs: number;
};

type Place = { task: WarmTaskSpec; at: string; place: WarmDue['place']; result: WarmResult | null };

/** Every task at every place where it has to be done now: each ready pod, or a service once. */
export function placesOf({ sale, pods, results }: WarmView): readonly Place[] {
  const newest = new Map<string, WarmResult>();
  for (const result of results) {
    const key = `${result.task} ${result.at}`;
    if ((newest.get(key)?.atMs ?? -Infinity) <= result.atMs) newest.set(key, result);
  }
  const ready = pods.filter(isWarmable);
  return sale.tasks.flatMap((task) => {
    const where = whereIs(task.name);
    const at = where === 'pods' ? ready.map(({ name }) => name) : [where];
    const place = where === 'pods' ? 'pod' : where;
    return at.map((name) => ({ task, at: name, place, result: newest.get(`${task.name} ${name}`) ?? null }));
  });
}

export function isWarmable(pod: Pod): boolean {
  return pod.ready && !pod.terminating;
}

/** Calls that are due, the required ones and those never done first, at most `maxWarmCalls`. */
export function warmCallsDue(view: WarmView): readonly WarmDue[] {
  const { sale, nowMs } = view;
  const quiet = sale.opensAtMs - quietBeforeMs <= nowMs && nowMs < sale.opensAtMs + quietAfterMs;
  const urgency = ({ task, result }: Place): number =>
    (task.policy === 'Required' ? 0 : 2) + (result?.result === 'warm' ? 1 : 0);
  return placesOf(view)
    .filter(({ task }) => task.policy === 'Required' || !quiet)
    .filter(({ result }) => result?.result !== 'warm' || ageMs(view, result) >= refreshAfterMs)
    .toSorted((a, b) => urgency(a) - urgency(b))
    .slice(0, maxWarmCalls)
    .map(({ task, at, place }) => ({
      task: task.name,
      at,
      place,
      policy: task.policy,
      timeoutMs: task.timeoutMs,
    }));
}

/** Of the required tasks; the first of failed, expired and warming that holds for one of them. */
export function warmthOf(view: WarmView): Warmth {
  const { sale } = view;
  if (sale.tasks.length === 0) return 'no-tasks';
  const required = sale.tasks.filter(({ policy }) => policy === 'Required');
  const onPods = required.some(({ name }) => whereIs(name) === 'pods');
  if (onPods && !view.pods.some(isWarmable)) return 'no-pods';
  const places = placesOf(view).filter(({ task }) => task.policy === 'Required');
  if (places.some(({ result }) => result?.result === 'failed')) return 'failed';
  if (places.some(({ result }) => result === null)) return 'warming';
  return places.some(({ result }) => result !== null && ageMs(view, result) >= expiresAfterMs)
    ? 'expired'
    : 'warm';
}

/** Once the sale has opened its own traffic keeps it warm: nothing ages any more. */
function ageMs({ sale, nowMs }: WarmView, result: WarmResult): number {
  return nowMs < sale.opensAtMs ? nowMs - result.atMs : 0;
}
