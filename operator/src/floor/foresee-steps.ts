/** The next steps of a floor, found by deciding again at each time when the decision may change. Pure. */
import { decideFloor, edgesOf, type FloorDecision, type FloorState } from './decide-floor.ts';
import { maxForeseenSteps, type PlanStep } from './floor-plan.ts';

// Edges that change nothing are passed over; there are at most four for each sale.
const maxEdges = 256;

/** At most `maxForeseenSteps` steps after `nowMs`, if nothing is edited and every drain lasts as long as it may. */
export function foreseeSteps(from: FloorState, nowMs: number): readonly PlanStep[] {
  const edges = [...new Set(from.contributions.flatMap(edgesOf))]
    .filter((atMs) => atMs > nowMs)
    .toSorted((a, b) => a - b);
  const steps: PlanStep[] = [];
  let state = from;
  let atMs = nowMs;
  let lowersAtMs = decideFloor(state, nowMs).lowersAtMs;
  for (let passed = 0; passed < maxEdges && steps.length < maxForeseenSteps; passed += 1) {
    while (edges[0] !== undefined && edges[0] <= atMs) edges.shift();
    const next = Math.min(
      edges[0] ?? Infinity,
      lowersAtMs !== null && lowersAtMs > atMs ? lowersAtMs : Infinity,
    );
    if (next === Infinity) break;
    atMs = next;
    const decided = decideFloor(state, atMs);
    if (decided.floor !== state.current) {
      steps.push({ atMs, floor: decided.floor, why: whyOf(state, decided, atMs) });
      const lowered = decided.floor < state.current;
      state = { ...state, current: decided.floor, restsSinceMs: lowered ? atMs : state.restsSinceMs };
    }
    lowersAtMs = decideFloor(state, atMs).lowersAtMs;
  }
  return steps;
}

function whyOf(state: FloorState, decided: FloorDecision, atMs: number): string {
  if (decided.floor < state.current) {
    return decided.floor === decided.lowest
      ? 'the last step down to what is still needed'
      : `a step of ${decided.stepPercent} % down to ${decided.lowest}`;
  }
  const begins = state.contributions
    .filter(({ window }) => window.fromMs === atMs && window.untilMs > atMs)
    .map(({ sale }) => sale.name);
  const what = begins.length === 0 ? 'up to what is needed' : `the lead time of ${listNames(begins)} begins`;
  const { maxReplicas } = state.pool;
  return decided.wanted > maxReplicas
    ? `${what}; ${decided.wanted} pods are wanted, maxReplicas is ${maxReplicas}`
    : what;
}

const mostNames = 3;

function listNames(names: readonly string[]): string {
  const rest = names.length - mostNames;
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
