/** Leader election by a Lease, in a thread of its own, as the main thread sees it. */
import { Worker } from 'node:worker_threads';
import { randomUUID } from 'node:crypto';
import { DeadlinePassed, startTicker, withDeadline } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { ConnectionSource } from './connection.ts';
import {
  createLeaseMemory,
  electorMessage,
  shareLease,
  stopMessage,
  type ElectorMessage,
  type ElectorSettings,
  type SharedLease,
} from './elector-contract.ts';
import { LeaseLostError, timingFault, type ElectionTiming, type Lease } from './lease.ts';
import { keyText, type ObjectKey } from './resource.ts';
import { systemMonotonicMs } from './time.ts';

export type ElectorOptions = {
  /** The thread opens its own connection from it. */
  source: ConnectionSource;
  lease: ObjectKey;
  /** Who people see in the lease, such as the pod's name; made unique for this process by a suffix. */
  identity: string;
  timing: ElectionTiming;
  log: Logger;
  killAfterMs?: number;
};

export type Elector = Lease & {
  /** The whole identity in the lease. */
  readonly identity: string;
  /** Who holds the lease, as seen last; empty when nobody does. */
  holder: () => string;
  /** Since when the elector's loop gave no sign of life, in milliseconds. */
  silentMs: () => number;
  /** What it may be silent for: every call has a deadline within it. */
  readonly maxSilentMs: number;
};

const defaultKillAfterMs = 2_000;
const watchEveryMs = 250;
const releaseDeadlineMs = 12_000;
const nsPerMs = 1_000_000;

/** What the main thread knows beside the shared memory. */
type State = {
  /** Set once, for ever: a lease that was lost is not believed in again. */
  lost: LeaseLostError | null;
  wasHeld: boolean;
  releasing: boolean;
  holder: string;
  /** Called on each message and on a loss; they look for themselves whether it is about them. */
  listeners: Set<(message: ElectorMessage | null) => void>;
};

/** Starts to compete for the lease at once. Throws when the durations do not fit each other. */
export function startElector(options: ElectorOptions): Elector {
  const fault = timingFault(options.timing);
  if (fault !== null) throw new RangeError(`The election cannot work: ${fault}.`);
  const identity = `${options.identity}_${randomUUID()}`;
  const memory = createLeaseMemory();
  const shared = shareLease(memory);
  shared.setBeat(process.hrtime.bigint());
  const settings: ElectorSettings = {
    source: options.source,
    lease: options.lease,
    identity,
    timing: options.timing,
    killAfterMs: options.killAfterMs ?? defaultKillAfterMs,
    memory,
  };
  const worker = new Worker(new URL('./elector-worker.ts', import.meta.url), { workerData: settings });
  const state: State = { lost: null, wasHeld: false, releasing: false, holder: '', listeners: new Set() };
  const lost = Promise.withResolvers<LeaseLostError>();

  function lose(why: string): LeaseLostError {
    if (state.lost !== null) return state.lost;
    state.lost = new LeaseLostError(why);
    if (!state.releasing) {
      options.log.error({ why, lease: keyText(options.lease) }, 'the lease is lost');
      lost.resolve(state.lost);
    }
    for (const listener of state.listeners) listener(null);
    return state.lost;
  }
  const view = createView(shared, state, options.timing, lose);
  watchThread(worker, state, options.log, lose);
  // So that a loss is noticed as well when the elector's thread hangs.
  const ticker = startTicker(watchEveryMs, () => Promise.resolve(void view.isHeld()));
  void lost.promise.then(() => ticker.stop());
  let released: Promise<void> | null = null;
  return {
    ...view,
    get epochBase() {
      view.assertEverHeld();
      return shared.transitions();
    },
    identity,
    lost: lost.promise,
    holder: () => state.holder,
    silentMs: () => Number(process.hrtime.bigint() - shared.beatAtNs()) / nsPerMs,
    maxSilentMs: options.timing.leaseMs + options.timing.renewDeadlineMs,
    release: () => {
      // What is lost cannot be handed back, and its thread only waits for this process to end.
      if (state.lost !== null && !state.releasing) return Promise.resolve();
      state.releasing = true;
      lose('it was handed back');
      return (released ??= ticker.stop().then(() => endThread(worker, options.log)));
    },
  };
}

type View = Pick<Lease, 'assertHeld' | 'isHeld' | 'untilHeld' | 'untilRenewed'> & {
  assertEverHeld: () => void;
};

function createView(
  shared: SharedLease,
  state: State,
  timing: ElectionTiming,
  lose: (why: string) => LeaseLostError,
): View {
  /** Null when held; otherwise why not. Once held and no more, it is lost for ever. */
  function refusal(): LeaseLostError | null {
    if (state.lost !== null) return state.lost;
    const validUntilNs = shared.validUntilNs();
    if (validUntilNs > process.hrtime.bigint()) {
      state.wasHeld = true;
      return null;
    }
    if (validUntilNs === 0n && !state.wasHeld) return new LeaseLostError('it does not hold the lease yet');
    return lose(
      validUntilNs === 0n
        ? 'its elector let the lease go'
        : `the lease was not renewed for ${timing.renewDeadlineMs} ms`,
    );
  }
  /** Resolves when `isDone` says so of a message; rejects when the lease is lost or the signal aborts. */
  function until(signal: AbortSignal, isDone: (message: ElectorMessage | null) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        state.listeners.delete(listener);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => settle(() => reject(reasonOf(signal)));
      function listener(message: ElectorMessage | null): void {
        const { lost } = state;
        if (lost !== null) settle(() => reject(lost));
        else if (isDone(message)) settle(resolve);
      }
      state.listeners.add(listener);
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else listener(null);
    });
  }
  return {
    isHeld: () => refusal() === null,
    assertHeld: () => {
      const refused = refusal();
      if (refused !== null) throw refused;
    },
    assertEverHeld: () => {
      const refused = refusal();
      if (refused !== null && !state.wasHeld) throw refused;
    },
    untilHeld: (signal) => until(signal, () => refusal() === null),
    untilRenewed: (signal) => {
      const askedAtMs = systemMonotonicMs();
      return until(signal, (message) => message?.kind === 'held' && message.beganAtMs >= askedAtMs);
    },
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('the wait for the lease was ended');
}

function watchThread(worker: Worker, state: State, log: Logger, lose: (why: string) => LeaseLostError): void {
  worker.on('message', (received: unknown) => {
    const message = electorMessage.parse(received);
    if (message.kind === 'observed') {
      // Each renewal is an observation; who holds it is news only when it changes.
      if (state.holder !== message.holder)
        log.info({ holder: message.holder }, 'the holder of the lease is another one');
      state.holder = message.holder;
    } else if (message.kind === 'failed') {
      log.warn({ doing: message.doing, why: message.why }, 'the election met an error and goes on');
    } else if (message.kind === 'lost') {
      log.error({ why: message.why }, 'the elector let the lease go');
      lose(message.why);
    }
    for (const listener of state.listeners) listener(message);
  });
  worker.on('error', (error) => void lose(`the elector's thread failed: ${String(error)}`));
  worker.on('exit', (code) => void lose(`the elector's thread ended with code ${code}`));
}

/** Lets the thread hand the lease back; ends it when that takes too long. */
async function endThread(worker: Worker, log: Logger): Promise<void> {
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  if (worker.threadId === -1) return;
  worker.postMessage(stopMessage);
  try {
    await withDeadline(exited, releaseDeadlineMs, 'handing the lease back');
  } catch (error) {
    if (!(error instanceof DeadlinePassed)) throw error;
    log.warn({ why: error.message }, 'the lease was not handed back: it expires');
    await worker.terminate();
  }
}
