/** Looks for the knee: the highest arrival rate that is still held. Pure. */

// The knee is the highest rate at which all buyers are served, and 99 of 100 within this.
const heldP99Ms = 250;

/** Whether the platform kept up with a step of the ramp: everyone got a seat, at once, and in time. */
export function isHeld(result: { fill: number; shed: number; winners: { p99: number } }): boolean {
  return result.fill === 1 && result.shed === 0 && result.winners.p99 <= heldP99Ms;
}

/** One step of the ramp: at `ratePerSecond`, was every arrival answered in time, without an error? */
export type Step = { ratePerSecond: number; held: boolean };
export type RampPlan = {
  firstPerSecond: number;
  /** Each step while everything is held is this many times the one before. */
  factor: number;
  highestPerSecond: number;
  /** The search ends when the highest held and the lowest failed rate are this close, as a share. */
  precision: number;
  maxSteps: number;
};

/**
 * The next rate to try, null when the knee is known as precisely as wanted: upward by `factor` until a
 * step fails, then half-way between the highest held and the lowest failed one.
 */
export function nextRate(plan: RampPlan, steps: readonly Step[]): number | null {
  if (steps.length >= plan.maxSteps) return null;
  if (steps.length === 0) return plan.firstPerSecond;
  const held = kneeOf(steps);
  const failed = Math.min(...steps.filter((step) => !step.held).map((step) => step.ratePerSecond));
  if (failed === Number.POSITIVE_INFINITY) {
    if (held >= plan.highestPerSecond) return null;
    return Math.min(plan.highestPerSecond, Math.round(held * plan.factor));
  }
  if (held === 0) {
    const lower = Math.round(failed / plan.factor);
    return lower >= 1 && lower < failed ? lower : null;
  }
  if (failed - held <= plan.precision * failed) return null;
  return Math.round((held + failed) / 2);
}

/** The highest held rate below every failed one; 0 when none was held. */
export function kneeOf(steps: readonly Step[]): number {
  const failed = Math.min(...steps.filter((step) => !step.held).map((step) => step.ratePerSecond));
  const held = steps.filter((step) => step.held && step.ratePerSecond < failed);
  return Math.max(0, ...held.map((step) => step.ratePerSecond));
}
