/** Which of two commands to arm a sale is the newer one. Pure. */

export type Fence = { epoch: number; uid: string; generation: number };
/** `retired`: the resources that gave way to another one within this epoch. */
export type StoredFence = Fence & { disarmed: boolean; retired: readonly string[] };

/** Past this many resources under one epoch a new epoch is asked for, which begins a new list. */
export const maxRetired = 64;

/**
 * True when `next` may replace `stored`: a later leader's epoch; or, under the same leader, a word on the same
 * resource that is not older, or the first word on another resource once the stored one was disarmed.
 */
export function mayReplace(stored: StoredFence, next: Fence): boolean {
  if (next.epoch !== stored.epoch) return next.epoch > stored.epoch;
  if (next.uid !== stored.uid) {
    return stored.disarmed && !stored.retired.includes(next.uid) && stored.retired.length < maxRetired;
  }
  return next.generation >= stored.generation && !(stored.disarmed && next.generation === stored.generation);
}

/** True for a command to disarm that says nothing new: the sale was disarmed by it, or by a later one. */
export function isDisarmedBy(stored: StoredFence, next: Fence): boolean {
  return (
    stored.disarmed &&
    stored.uid === next.uid &&
    stored.epoch === next.epoch &&
    next.generation <= stored.generation
  );
}

/** The retired resources once `next` has replaced `stored`. */
export function retiredAfter(stored: StoredFence | null, next: Fence): readonly string[] {
  if (stored === null || next.epoch !== stored.epoch) return [];
  return next.uid === stored.uid ? stored.retired : [...stored.retired, stored.uid];
}
