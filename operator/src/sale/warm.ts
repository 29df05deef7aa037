/** Warming in the background: a bounded number of calls at once, results remembered by sale, pod and readiness. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Call } from '../dataplane/call.ts';
import type { WarmClient, WarmOutcome } from '../dataplane/prewarm.ts';
import { reasonOf, type Effects } from '../effects.ts';
import type { Pod, Sale, WarmResult } from './model.ts';
import type { WarmDue } from './sale-plan.ts';

export type WarmRequest = { sale: Sale; due: readonly WarmDue[]; pods: readonly Pod[] };

export type Warmer = {
  /** Starts what is due, is not under way and is not pausing after a failure; returns at once. */
  start: (request: WarmRequest) => void;
  /** The newest result for each task and place, of pods that are as they were then. Forgets the others. */
  resultsOf: (saleUid: string, pods: readonly Pod[]) => readonly WarmResult[];
  forget: (saleUid: string) => void;
  /** Ends the calls under way, and starts none any more. */
  stop: () => Promise<void>;
};

export type WarmerDeps = {
  client: WarmClient;
  effects: Effects;
  clock: Clock;
  /** Calls under way at once, all sales together. */
  maxCalls: number;
  /** Something new is known of the sale `namespace/name`. */
  onResult: (key: string) => void;
  observe: (result: WarmResult) => void;
  log: Logger;
};

/** What waits for a free call; what is beyond it is asked for again by the next reconcile of its sale. */
const maxWaiting = 1_000;
/** After a failure a place is left alone for so long, doubling, so that a pod that is down is not hammered. */
const firstPauseMs = 1_000;
const maxPauseMs = 30_000;

type Place = {
  at: string;
  pod: Pod | null;
  results: Map<string, WarmResult>;
  /** Under way, or waiting for a free call. */
  busy: boolean;
  /** Whether the pod was asked what it has warm already: it warms itself when it starts and when a sale changes. */
  asked: boolean;
  failures: number;
  notBeforeMs: number;
};

export function createWarmer(deps: WarmerDeps): Warmer {
  const sales = new Map<string, Map<string, Place>>();
  const waiting: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  function pump(): void {
    while (running.size < deps.maxCalls && !stopping.signal.aborted) {
      const next = waiting.shift();
      if (next === undefined) return;
      const call = next();
      running.add(call);
      void call.finally(() => {
        running.delete(call);
        pump();
      });
    }
  }
  return {
    start: (request) => {
      const places = sales.get(request.sale.uid) ?? new Map<string, Place>();
      sales.set(request.sale.uid, places);
      const nowMs = deps.clock.now().getTime();
      for (const [key, due] of byPlace(request)) {
        const place = places.get(key) ?? newPlace(request, due);
        places.set(key, place);
        if (place.busy || place.notBeforeMs > nowMs || waiting.length >= maxWaiting) continue;
        place.busy = true;
        waiting.push(() => warmPlace(deps, request.sale, place, due, stopping.signal));
      }
      pump();
    },
    resultsOf: (saleUid, pods) => {
      const places = sales.get(saleUid);
      if (places === undefined) return [];
      const there = new Set(pods.map(podKey));
      for (const [key, place] of places) if (place.pod !== null && !there.has(key)) places.delete(key);
      return [...places.values()].flatMap((place) => [...place.results.values()]);
    },
    forget: (saleUid) => void sales.delete(saleUid),
    stop: async () => {
      stopping.abort(new Error('the operator stops'));
      waiting.length = 0;
      await Promise.all(running);
    },
  };
}

// A pod whose container restarted is cold again: its readiness has another beginning.
function podKey(pod: Pod): string {
  return `${pod.uid}@${pod.readyAtMs}`;
}

function byPlace({ due, pods }: WarmRequest): Map<string, WarmDue[]> {
  const byName = new Map(pods.map((pod) => [pod.name, pod]));
  const places = new Map<string, WarmDue[]>();
  for (const one of due) {
    const pod = byName.get(one.at);
    if (one.place === 'pod' && pod === undefined) continue;
    const key = pod === undefined || one.place !== 'pod' ? one.place : podKey(pod);
    places.set(key, [...(places.get(key) ?? []), one]);
  }
  return places;
}

function newPlace({ pods }: WarmRequest, due: readonly WarmDue[]): Place {
  const [first] = due;
  const pod = first?.place === 'pod' ? (pods.find(({ name }) => name === first.at) ?? null) : null;
  const at = first?.at ?? '';
  return { at, pod, results: new Map(), busy: false, asked: false, failures: 0, notBeforeMs: 0 };
}

/** Never rejects: a lost lease and a stopping process show as failed tasks, which nobody reads any more. */
async function warmPlace(
  deps: WarmerDeps,
  sale: Sale,
  place: Place,
  due: readonly WarmDue[],
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = Math.max(...due.map(({ timeoutMs }) => timeoutMs));
  const outcome = await warm(deps, sale, place, due, { deadlineMs, signal }).catch(
    (error: unknown): WarmOutcome => ({ kind: 'failed', why: reasonOf(error) }),
  );
  const atMs = deps.clock.now().getTime();
  const results = due.map((one) => resultOf(one, place.at, outcome, atMs));
  for (const result of results) {
    tellFailure(deps, sale, place, result);
    place.results.set(result.task, result);
    deps.observe(result);
  }
  const failed = results.some(({ result }) => result === 'failed');
  place.failures = failed ? place.failures + 1 : 0;
  place.notBeforeMs = failed ? atMs + Math.min(maxPauseMs, firstPauseMs * 2 ** (place.failures - 1)) : 0;
  place.busy = false;
  if (!signal.aborted) deps.onResult(`${sale.namespace}/${sale.name}`);
}

/** Once for each reason: what is not required is told nowhere else. */
function tellFailure(deps: WarmerDeps, sale: Sale, place: Place, result: WarmResult): void {
  const { task, at, error } = result;
  if (error === null || place.results.get(task)?.error === error) return;
  deps.log.warn({ sale: `${sale.namespace}/${sale.name}`, task, at, reason: error }, 'a task is not warm');
}

async function warm(
  deps: WarmerDeps,
  sale: Sale,
  place: Place,
  due: readonly WarmDue[],
  call: Call,
): Promise<WarmOutcome> {
  const { pod } = place;
  const service = due[0]?.place;
  if (pod === null) {
    if (service === undefined || service === 'pod') return { kind: 'failed', why: 'the pod is gone' };
    return deps.effects.perform(
      {
        name: 'warm-service',
        on: service,
        deadlineMs: call.deadlineMs,
        detail: { sale: `${sale.namespace}/${sale.name}` },
        quiet: true,
        run: (signal) => deps.client.warmService(service, sale.eventId, { ...call, signal }),
      },
      call.signal,
    );
  }
  if (!place.asked) {
    const known = await deps.client.readPod(pod, sale.eventId, call);
    if (known.kind === 'answered') place.asked = true;
    if (due.every((one) => resultOf(one, place.at, known, 0).result === 'warm')) return known;
  }
  return deps.effects.perform(
    {
      name: 'warm-pod',
      on: pod.name,
      deadlineMs: call.deadlineMs,
      detail: { sale: `${sale.namespace}/${sale.name}` },
      quiet: true,
      run: (signal) => deps.client.warmPod(pod, sale.eventId, { ...call, signal }),
    },
    call.signal,
  );
}

function resultOf(due: WarmDue, at: string, outcome: WarmOutcome, atMs: number): WarmResult {
  const result = { task: due.task, at, atMs };
  if (outcome.kind === 'failed')
    return { ...result, result: 'failed', items: 0, seconds: 0, error: outcome.why };
  // A service reports its own parts; together they are the one task.
  const parts = outcome.tasks.filter(({ name }) => due.place !== 'pod' || name === due.task);
  const cold = parts.filter((part) => part.result === 'failed');
  const items = parts.reduce((sum, part) => sum + part.items, 0);
  const seconds = Math.max(0, ...parts.map((part) => part.seconds));
  if (parts.length > 0 && cold.length === 0)
    return { ...result, result: 'warm', items, seconds, error: null };
  const why =
    parts.length === 0
      ? `${at} did not report the task ${due.task}: it may run an older version`
      : `${at} could not warm ${due.task}: ${cold.map(({ error }) => error ?? 'it found nothing').join('; ')}`;
  return { ...result, result: 'failed', items, seconds, error: why };
}
