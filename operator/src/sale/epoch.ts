/** The epoch of a leader's commands to booking: taken once for each event, raised again only for a newer command. */
import type { Fence } from '../dataplane/booking.ts';

export type Epochs = {
  /** What this leader took for the event; null before its first command. */
  kept: (eventId: string) => number | null;
  keep: (eventId: string, epoch: number) => void;
  forget: (eventId: string) => void;
};

export function createEpochs(): Epochs {
  const taken = new Map<string, number>();
  return {
    kept: (eventId) => taken.get(eventId) ?? null,
    keep: (eventId, epoch) => void taken.set(eventId, Math.max(epoch, taken.get(eventId) ?? 0)),
    forget: (eventId) => void taken.delete(eventId),
  };
}

/**
 * Whether a command that booking refused as stale may come again above the stored epoch: it is the newer word on the
 * same resource, or on another one that has no claim any more. Anything else was said by somebody who knows more.
 * @param mayKeep whether an EventSale of this uid exists now, and has not lost the event to the command's
 */
export function mayRaise(command: Fence, stored: Fence, mayKeep: (uid: string) => boolean): boolean {
  if (stored.epoch < command.epoch) return false;
  if (stored.uid === command.uid) return command.generation > stored.generation;
  return !mayKeep(stored.uid);
}
