/** The election itself: when a candidate may take the lease, how a leader keeps it, and when it must let go. */
import type { Clock } from '@evently/kit/clock';
import { isAlreadyExists, isConflict, isNotFound, isUnanswered } from './errors.ts';
import type { ElectionTiming } from './lease.ts';
import { microTime, type LeaseRecord, type LeaseStore, type StoredLease } from './lease-store.ts';
import type { Time } from './time.ts';

export type ElectionReport = {
  /** The lease is held, at most until `validUntilMs` of the monotonic clock; the renewal began at `beganAtMs`. */
  held: (transitions: number, beganAtMs: number, validUntilMs: number) => void;
  /** Called before the lease is handed back. */
  releasing: () => void;
  /** Another holder was seen; empty when there is none. */
  observed: (holder: string) => void;
  /** A call failed; the election goes on. */
  failed: (doing: string, error: unknown) => void;
  /** The loop is alive. */
  beat: () => void;
};

export type ElectionOptions = {
  store: LeaseStore;
  /** Must be of this process alone: two processes of one identity would both be the leader. */
  identity: string;
  timing: ElectionTiming;
  time: Time;
  /** For the times that people read in the record; no decision looks at it. */
  clock: Clock;
  /** A number in [0, 1), so that candidates do not ask in step. */
  chance: () => number;
  report: ElectionReport;
  /** Aborted when the lease is to be handed back. */
  stop: AbortSignal;
};

export type ElectionEnd = { kind: 'stopped' } | { kind: 'lost'; why: string };

const releaseDeadlineMs = 5_000;
/** What client-go writes when it lets go: long enough to be a duration, short enough not to matter. */
const releasedSeconds = 1;
const jitterShare = 0.2;
const msPerSecond = 1_000;

/**
 * Runs until stopped or lost; it never tries again after a loss, because the process has to end then.
 *
 * No clock of another machine is looked at: a lease has expired when its record did not change, as seen from here,
 * for the duration that the record itself states, and a lease that is missing when it was missing for one duration of
 * ours. So a candidate that starts waits for one duration, also before an old record; only a lease that was
 * handed back is taken at once. A leader counts from the moment before it asked, so it lets go before any candidate
 * can take over, as long as monotonic clocks run equally fast.
 */
export async function runElection(options: ElectionOptions): Promise<ElectionEnd> {
  const taken = await campaign(options);
  return taken === null ? { kind: 'stopped' } : await lead(options, taken);
}

type Held = { stored: StoredLease; beganAtMs: number };

/** How long one call may take: several must fit between two renewals that are still in time. */
function callDeadlineMs({ renewDeadlineMs, retryMs }: ElectionTiming): number {
  return Math.max(retryMs, renewDeadlineMs / 4);
}

async function campaign(options: ElectionOptions): Promise<Held | null> {
  const { store, identity, timing, time, chance, report, stop } = options;
  let seen = { text: '', sinceMs: 0 };
  while (!stop.aborted) {
    report.beat();
    let expiresInMs: number = timing.retryMs;
    try {
      const stored = await store.read(callDeadlineMs(timing));
      const text = stored === null ? 'missing' : JSON.stringify([stored.object.metadata.uid, stored.record]);
      if (text !== seen.text) {
        seen = { text, sinceMs: time.nowMs() };
        report.observed(stored?.record.holder ?? '');
      }
      const expiresAtMs = seen.sinceMs + durationMsOf(stored, timing);
      const isFree = stored !== null && (stored.record.holder === '' || stored.record.holder === identity);
      if (isFree || time.nowMs() >= expiresAtMs) return await take(options, stored);
      expiresInMs = expiresAtMs - time.nowMs();
    } catch (error) {
      // Somebody else was quicker, or nobody can know who has it now: look again.
      if (!isConflict(error) && !isAlreadyExists(error)) report.failed('competing for the lease', error);
    }
    const retryMs = timing.retryMs * (1 - jitterShare * chance());
    await time.pause(Math.max(1, Math.ceil(Math.min(retryMs, expiresInMs))), stop);
  }
  return null;
}

function durationMsOf(stored: StoredLease | null, timing: ElectionTiming): number {
  const seconds = stored?.record.durationSeconds ?? 0;
  return seconds > 0 ? seconds * msPerSecond : timing.leaseMs;
}

async function take(options: ElectionOptions, stored: StoredLease | null): Promise<Held> {
  const { store, identity, timing, time, clock } = options;
  const beganAtMs = time.nowMs();
  const now = microTime(clock.now());
  const before = stored?.record;
  const isOwn = before?.holder === identity;
  const record: LeaseRecord = {
    holder: identity,
    durationSeconds: Math.ceil(timing.leaseMs / msPerSecond),
    transitions: before === undefined ? 0 : before.transitions + (isOwn ? 0 : 1),
    acquireTime: isOwn ? before.acquireTime : now,
    renewTime: now,
  };
  const deadlineMs = callDeadlineMs(timing);
  return {
    beganAtMs,
    stored:
      stored === null
        ? await store.create(record, deadlineMs)
        : await store.replace(stored, record, deadlineMs),
  };
}

async function lead(options: ElectionOptions, taken: Held): Promise<ElectionEnd> {
  const { timing, time, report, stop } = options;
  let held = taken;
  let waitMs: number = timing.retryMs;
  for (;;) {
    report.beat();
    const leftMs = (): number => held.beganAtMs + timing.renewDeadlineMs - time.nowMs();
    if (leftMs() <= 0) return { kind: 'lost', why: silence(timing) };
    report.held(held.stored.record.transitions, held.beganAtMs, held.beganAtMs + timing.renewDeadlineMs);
    await time.pause(Math.min(waitMs, leftMs()), stop);
    if (stop.aborted) return await release(options, held.stored);
    // A stopped process wakes up here, long after its time; it must not ask whether nobody has noticed.
    if (leftMs() <= 0) return { kind: 'lost', why: silence(timing) };
    const renewed = await renew(options, held, Math.min(callDeadlineMs(timing), leftMs()));
    if (renewed.kind === 'lost') return renewed;
    waitMs = nextWaitMs(renewed.kind, waitMs, timing);
    held = renewed.held;
  }
}

/** After a look once at once, after a failure sooner than usual: always with pauses that add up. */
function nextWaitMs(last: 'renewed' | 'looked' | 'failed', waitedMs: number, timing: ElectionTiming): number {
  if (last === 'looked' && waitedMs > 0) return 0;
  return last === 'renewed' ? timing.retryMs : timing.retryMs / 2;
}

function silence({ renewDeadlineMs }: ElectionTiming): string {
  return `its lease was not renewed for ${renewDeadlineMs} ms`;
}

type Renewal = { kind: 'renewed' | 'looked' | 'failed'; held: Held } | { kind: 'lost'; why: string };

async function renew(options: ElectionOptions, held: Held, deadlineMs: number): Promise<Renewal> {
  const { store, time, clock, report } = options;
  const beganAtMs = time.nowMs();
  const record = { ...held.stored.record, renewTime: microTime(clock.now()) };
  try {
    const stored = await store.replace(held.stored, record, deadlineMs);
    return { kind: 'renewed', held: { stored, beganAtMs } };
  } catch (error) {
    report.failed('renewing the lease', error);
    // Without an answer the renewal may have happened, and changed the version that the next one has to name.
    if (isConflict(error) || isNotFound(error) || isUnanswered(error)) return await look(options, held);
    return { kind: 'failed', held };
  }
}

/** After a renewal that failed: whose lease is it now? A lease that somebody deleted is made again. */
async function look(options: ElectionOptions, held: Held): Promise<Renewal> {
  const { store, identity, timing, time, report } = options;
  const leftMs = held.beganAtMs + timing.renewDeadlineMs - time.nowMs();
  if (leftMs <= 0) return { kind: 'failed', held };
  const deadlineMs = Math.min(callDeadlineMs(timing), leftMs);
  try {
    const stored = await store.read(deadlineMs);
    if (stored === null) {
      const beganAtMs = time.nowMs();
      const made = await store.create(held.stored.record, deadlineMs);
      return { kind: 'renewed', held: { stored: made, beganAtMs } };
    }
    const { holder } = stored.record;
    if (holder !== identity) {
      report.observed(holder);
      return { kind: 'lost', why: holder === '' ? 'its lease was cleared' : `${holder} holds the lease now` };
    }
    return { kind: 'looked', held: { stored, beganAtMs: held.beganAtMs } };
  } catch (error) {
    report.failed('looking whose the lease is', error);
    return { kind: 'failed', held };
  }
}

/** One try, and one more when the version was not the newest: what is not handed back expires. */
async function release(options: ElectionOptions, held: StoredLease): Promise<ElectionEnd> {
  const { store, identity, clock, report } = options;
  report.releasing();
  let stored: StoredLease | null = held;
  for (const isLast of [false, true]) {
    if (stored === null || stored.record.holder !== identity) break;
    const renewTime = microTime(clock.now());
    const record = { ...stored.record, holder: '', durationSeconds: releasedSeconds, renewTime };
    try {
      await store.replace(stored, record, releaseDeadlineMs);
      break;
    } catch (error) {
      report.failed('handing the lease back', error);
      if (isLast || !isConflict(error)) break;
      stored = await store.read(releaseDeadlineMs).catch(() => null);
    }
  }
  return { kind: 'stopped' };
}
