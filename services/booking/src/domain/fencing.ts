/** Which of two commands to arm a sale is the newer one. Pure. */

export type Fence = { epoch: number; uid: string; generation: number };

/**
 * True when `next` may replace `stored`: a later leader's epoch, or the same leader's word on the same
 * resource that is not older, or on another resource once the first was disarmed.
 */
export function mayReplace(stored: Fence & { disarmed: boolean }, next: Fence): boolean {
  if (next.epoch !== stored.epoch) return next.epoch > stored.epoch;
  if (next.uid !== stored.uid) return stored.disarmed;
  return next.generation >= stored.generation && !(stored.disarmed && next.generation === stored.generation);
}
