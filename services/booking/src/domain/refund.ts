/** How much of the price comes back when a buyer cancels. Pure. */

export type RefundStep = { hours_before: number; percent: number };
/** What a refund depends on besides the price and the time. */
export type RefundTerms = { startsAt: Date; refundPolicy: readonly RefundStep[] };
const msPerHour = 3_600_000;

/**
 * Minor units to refund: the percentage of the step with the most hours that are still left before
 * `startsAt`, rounded down to a minor unit; nothing when no step is left. A step needs more than its hours,
 * the last one exactly so many: 24 h and 2 h mean 100 % above 24 h, 50 % from 24 h to 2 h, nothing after.
 */
export function refundAmount(
  totalMinor: number,
  policy: readonly RefundStep[],
  startsAt: Date,
  now: Date,
): number {
  const hoursLeft = (startsAt.getTime() - now.getTime()) / msPerHour;
  const step = policy
    .toSorted((a, b) => b.hours_before - a.hours_before)
    .find((candidate, at, all) =>
      at === all.length - 1 ? hoursLeft >= candidate.hours_before : hoursLeft > candidate.hours_before,
    );
  return step === undefined ? 0 : Math.floor((totalMinor * step.percent) / 100);
}
