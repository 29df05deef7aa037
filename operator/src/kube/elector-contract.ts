/** What the elector's thread and the main thread tell each other: memory that both read, and messages. */
import { z } from 'zod';
import type { ConnectionSource } from './connection.ts';
import type { ElectionTiming } from './lease.ts';
import type { ObjectKey } from './resource.ts';

/** What the elector's thread is started with. */
export type ElectorSettings = {
  source: ConnectionSource;
  lease: ObjectKey;
  identity: string;
  timing: ElectionTiming;
  /** How long the main thread has to end the process after a loss, before the elector's thread kills it. */
  killAfterMs: number;
  memory: SharedArrayBuffer;
};

/** A thread that is busy reads no messages; this it can read at any time. Times are nanoseconds of `hrtime`. */
export type SharedLease = {
  /** The lease is held until then; 0 when it is not. */
  validUntilNs: () => bigint;
  transitions: () => number;
  /** When the elector's loop was last alive. */
  beatAtNs: () => bigint;
  setHeld: (transitions: number, validUntilNs: bigint) => void;
  setReleased: () => void;
  setBeat: (atNs: bigint) => void;
};

const slots = { validUntil: 0, transitions: 1, beat: 2 } as const;

export function createLeaseMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT * Object.keys(slots).length);
}

export function shareLease(memory: SharedArrayBuffer): SharedLease {
  const cells = new BigInt64Array(memory);
  return {
    validUntilNs: () => Atomics.load(cells, slots.validUntil),
    transitions: () => Number(Atomics.load(cells, slots.transitions)),
    beatAtNs: () => Atomics.load(cells, slots.beat),
    setHeld: (transitions, validUntilNs) => {
      // First what the reader needs once it is held.
      Atomics.store(cells, slots.transitions, BigInt(transitions));
      Atomics.store(cells, slots.validUntil, validUntilNs);
    },
    setReleased: () => void Atomics.store(cells, slots.validUntil, 0n),
    setBeat: (atNs) => void Atomics.store(cells, slots.beat, atNs),
  };
}

/** From the elector's thread. `beganAtMs` is when the renewal was begun, by the clock that both share. */
export const electorMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('held'), beganAtMs: z.number() }),
  z.object({ kind: z.literal('observed'), holder: z.string() }),
  z.object({ kind: z.literal('failed'), doing: z.string(), why: z.string() }),
  z.object({ kind: z.literal('lost'), why: z.string() }),
  z.object({ kind: z.literal('stopped') }),
]);
export type ElectorMessage = z.output<typeof electorMessage>;

/** The one message to the elector's thread: hand the lease back and end. */
export const stopMessage = 'stop';
