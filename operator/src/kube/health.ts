/** `/startedz`, `/healthz` and `/readyz`: whether this process has started, is to be ended, could lead; they say why. */
import type { Fetch } from '@evently/kit/caller';
import { isForbidden } from './errors.ts';

/** A sentence for a person when something is wrong; null when it is not. */
export type Check = () => string | null;
export type Checks = Readonly<Record<string, Check>>;

/** Each check by its name. A check that throws is a fault as well: a handler must answer. */
export function createHealthHandler(checks: { alive: Checks; ready: Checks }): Fetch {
  return (request) => {
    const { pathname } = new URL(request.url);
    // The port opens when all is composed; for what it waits then is said by readiness.
    if (pathname === '/startedz') return Promise.resolve(answer({}));
    if (pathname === '/healthz') return Promise.resolve(answer(checks.alive));
    if (pathname === '/readyz') return Promise.resolve(answer(checks.ready));
    return Promise.resolve(new Response('Look at /startedz, /healthz or /readyz\n', { status: 404 }));
  };
}

function answer(checks: Checks): Response {
  const faults = Object.entries(checks).map(([name, check]) => [name, faultOf(check)] as const);
  const isFine = faults.every(([, fault]) => fault === null);
  const fields = Object.fromEntries(faults.map(([name, fault]) => [name, fault ?? 'ok']));
  return Response.json({ status: isFine ? 'ok' : 'unavailable', ...fields }, { status: isFine ? 200 : 503 });
}

function faultOf(check: Check): string | null {
  try {
    return check();
  } catch (error) {
    return `the check itself failed: ${String(error)}`;
  }
}

const maxLagMs = 5_000;

/** The loop answers this request, so it runs again; that it stood still for long is said once. */
export function checkEventLoop(takeLongestMs: () => number): Check {
  return () => {
    const lagMs = Math.round(takeLongestMs());
    return lagMs > maxLagMs ? `the event loop stood still for ${lagMs} ms; at most ${maxLagMs}` : null;
  };
}

/** Leading or not: what counts is that the elector's thread is alive, and that a lease was not lost. */
export function checkElector(elector: { silentMs: () => number; maxSilentMs: number }): Check {
  return () => {
    const silentMs = Math.round(elector.silentMs());
    return silentMs > elector.maxSilentMs
      ? `the elector gave no sign of life for ${silentMs} ms; at most ${elector.maxSilentMs}`
      : null;
  };
}

/** A reconcile that ignores its deadline keeps its key for ever; only a new process can take it up. */
export function checkReconciles(runningMs: () => readonly number[], maxMs: number): Check {
  return () => {
    const longestMs = Math.round(Math.max(0, ...runningMs()));
    return longestMs > maxMs ? `a reconcile runs for ${longestMs} ms; at most ${maxMs}` : null;
  };
}

/** A standby's caches must be as good as a leader's: it may be one in a moment. What is forbidden stays so. */
export function checkReflector(
  reflector: { isSynced: () => boolean; lastActivityMs: () => number; trouble: () => unknown },
  maxSilentMs: number,
): Check {
  return () => {
    const trouble = reflector.trouble();
    if (isForbidden(trouble)) return trouble.message;
    const why = trouble instanceof Error ? `: ${trouble.message}` : '';
    if (!reflector.isSynced()) return `the first list is not in yet${why}`;
    const silentMs = Math.round(reflector.lastActivityMs());
    return silentMs > maxSilentMs
      ? `the API server said nothing for ${silentMs} ms; at most ${maxSilentMs}${why}`
      : null;
  };
}
