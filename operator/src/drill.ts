/** Drills: ends the process at a chosen point between two effects, the way a power cut would. */
import type { DrillKill } from './config.ts';
import type { EffectPoint } from './effects.ts';

/** Whether the process ends at `point`: by the number of the effect, or at the first effect of the name. */
export function isDrillPoint(kill: DrillKill, point: EffectPoint): boolean {
  if (kill === null || kill.side !== point.side) return false;
  return typeof kill.at === 'number' ? kill.at === point.count : kill.at === point.name;
}

/** Answers what to do at each point; SIGKILL runs no handler, so nothing is released or written on the way out. */
export function createDrill(
  kill: DrillKill,
  killSelf: () => void = () => void process.kill(process.pid, 'SIGKILL'),
): (point: EffectPoint) => void {
  return (point) => {
    if (isDrillPoint(kill, point)) killSelf();
  };
}
