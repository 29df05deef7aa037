/** The scene of the floor simulation: two sales that open a minute apart on one pool of booking pods. Pure. */

/** A sale as the simulation knows it; times in seconds from the start of the trace. */
export type SceneSale = {
  name: string;
  opensAt: number;
  closesAt: number;
  peakPerSecond: number;
};

export const sales: readonly SceneSale[] = [
  { name: 'final', opensAt: 900, closesAt: 2_700, peakPerSecond: 24_000 },
  { name: 'semi-final', opensAt: 960, closesAt: 2_760, peakPerSecond: 16_000 },
];

export const lastSecond = 4_200;
export const leadSeconds = 600;
/** What one pod serves, and what metrics aim at: 60 % of it. */
export const perPodPerSecond = 2_000;
export const targetPerPod = 1_200;
export const baselineReplicas = 2;
export const maxReplicas = 40;
/** The last holds are paid, or have expired, so long after a close. */
export const drainSeconds = 300;
/** A metric is this old when the autoscaler reads it. */
export const metricAgeSeconds = 15;

const quietPerSecond = 800;
// Everyone comes within seconds; then each 4 minutes a third of them is left, and a twentieth comes all the time.
const fallSeconds = 240;
const rampSeconds = 5;
const tailShare = 0.05;

/** Reservations asked for at a second of the trace. */
export function demandAt(second: number): number {
  return sales.reduce(
    (sum, sale) => sum + demandOf(sale, second - sale.opensAt, second < sale.closesAt),
    quietPerSecond,
  );
}

function demandOf(sale: SceneSale, since: number, open: boolean): number {
  if (since < 0 || !open) return 0;
  const shape = tailShare + (1 - tailShare) * Math.exp(-Math.max(0, since - rampSeconds) / fallSeconds);
  return sale.peakPerSecond * shape * Math.min(1, since / rampSeconds);
}

/** From creation to ready and warm, in seconds: 30 to 60, in a fixed order. */
export function startSecondsOf(pod: number): number {
  return 30 + (pod % 4) * 10;
}
