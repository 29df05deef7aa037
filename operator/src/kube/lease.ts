/** What a leader holds: the right to write, as long as its lease is renewed. */

/** Thrown before an effect when this process may no longer write; end the process, do not retry. */
export class LeaseLostError extends Error {
  constructor(why: string) {
    super(`This process is not the leader: ${why}. Nothing was written; another replica takes over.`);
    this.name = 'LeaseLostError';
  }
}

export type Lease = {
  /**
   * Call it right before each effect. Throws `LeaseLostError` unless the last renewal is younger than the renew
   * deadline by the monotonic clock, which runs on while a process is stopped. Once it threw after having been
   * held, it throws for ever.
   */
  assertHeld: () => void;
  /** The same as a claim, for health and metrics. */
  isHeld: () => boolean;
  /** `leaseTransitions` of the lease as this process holds it; throws `LeaseLostError` before it was ever held. */
  readonly epochBase: number;
  /** Resolves once held; rejects with the signal's reason when it aborts, with `LeaseLostError` when it is lost. */
  untilHeld: (signal: AbortSignal) => Promise<void>;
  /** Resolves at the next renewal that begins after this call, so that what is read after it is read as leader. */
  untilRenewed: (signal: AbortSignal) => Promise<void>;
  /** Resolves with the reason when a held lease is lost, or when the elector dies. Never rejects; not on `release`. */
  lost: Promise<LeaseLostError>;
  /** Stops writing at once, then hands the lease back so that another replica need not wait for it to expire. */
  release: () => Promise<void>;
};

/** Durations of an election in milliseconds; `leaseMs` > `renewDeadlineMs` > `retryMs`. */
export type ElectionTiming = { leaseMs: number; renewDeadlineMs: number; retryMs: number };

export const defaultElectionTiming: ElectionTiming = {
  leaseMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
};

/** Words for what is wrong with `timing`, or null. */
export function timingFault({ leaseMs, renewDeadlineMs, retryMs }: ElectionTiming): string | null {
  if (!(leaseMs % 1_000 === 0 && leaseMs >= 1_000)) {
    return 'the lease duration must be whole seconds, at least one: the record holds seconds';
  }
  if (!(leaseMs > renewDeadlineMs)) return 'the lease duration must be longer than the renew deadline';
  if (!(renewDeadlineMs > retryMs && retryMs > 0)) {
    return 'the renew deadline must be longer than the retry period, and that one more than nothing';
  }
  return null;
}
