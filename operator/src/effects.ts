/** The one way to change anything outside: the lease is asserted, the effect has a deadline, is logged and counted. */
import { monotonicMs, withDeadline } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Lease } from './kube/lease.ts';

export type EffectName =
  | 'add-finalizer'
  | 'remove-finalizer'
  | 'arm'
  | 'disarm'
  | 'warm-pod'
  | 'warm-service'
  | 'apply-floor'
  | 'apply-status';

export type Effect<T> = {
  name: EffectName;
  /** What it changes: `namespace/name` of the object, or the pod, or the service. */
  on: string;
  deadlineMs: number;
  run: (signal: AbortSignal) => Promise<T>;
  /** For the log line; never a secret. */
  detail?: Readonly<Record<string, unknown>> | undefined;
  /** Logged at debug instead of info: for what is repeated often and reported elsewhere. */
  quiet?: boolean | undefined;
};

/** Right before and right after an effect. `count` numbers the effects of this process from 1. */
export type EffectPoint = { side: 'before' | 'after'; name: EffectName; count: number };

export type EffectDeps = {
  lease: Pick<Lease, 'assertHeld'>;
  log: Logger;
  observe: (name: EffectName, outcome: 'done' | 'failed', seconds: number) => void;
  /** For drills and tests: called at each point, and may end the process there. */
  atPoint?: ((point: EffectPoint) => void | Promise<void>) | undefined;
};

/**
 * `perform` throws `LeaseLostError` when this process may not write, and what `run` throws, and `DeadlinePassed`;
 * the signal that `run` is given aborts at the deadline, and when `signal` does.
 */
export type Effects = { perform: <T>(effect: Effect<T>, signal: AbortSignal) => Promise<T> };

export function createEffects(deps: EffectDeps): Effects {
  let performed = 0;
  return {
    perform: async (effect, signal) => {
      const { name, on, deadlineMs } = effect;
      performed += 1;
      const count = performed;
      await deps.atPoint?.({ side: 'before', name, count });
      const startedMs = monotonicMs();
      const seconds = (): number => Math.round(monotonicMs() - startedMs) / 1_000;
      const fields = { effect: name, on, ...effect.detail };
      const ends = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
      // Nothing is awaited between the assertion and the call.
      deps.lease.assertHeld();
      try {
        const result = await withDeadline(effect.run(ends), deadlineMs, `${name} of ${on}`);
        deps.observe(name, 'done', seconds());
        deps.log[effect.quiet === true ? 'debug' : 'info']({ ...fields, seconds: seconds() }, 'effect done');
        await deps.atPoint?.({ side: 'after', name, count });
        return result;
      } catch (error) {
        deps.observe(name, 'failed', seconds());
        deps.log.warn({ ...fields, seconds: seconds(), reason: reasonOf(error) }, 'effect failed');
        throw error;
      }
    },
  };
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
