import { expect, test } from 'vitest';
import { DeadlinePassed, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { createDrill } from './drill.ts';
import { createEffects, type Effect, type EffectDeps, type EffectPoint } from './effects.ts';
import { LeaseLostError } from './kube/lease.ts';

const never = new AbortController().signal;
const log = createLogger('test', 'silent');
const held = { assertHeld: () => {} };

function effectOf<T>(run: Effect<T>['run'], deadlineMs = 1_000): Effect<T> {
  return { name: 'arm', on: 'shop/night', deadlineMs, run };
}
function depsOf(more: Partial<EffectDeps> = {}): { deps: EffectDeps; seen: string[] } {
  const seen: string[] = [];
  const observe: EffectDeps['observe'] = (name, outcome) => void seen.push(`${name} ${outcome}`);
  return { deps: { lease: held, log, observe, ...more }, seen };
}

test('without the lease nothing is called', async () => {
  const lost = new LeaseLostError('it was not renewed');
  const { deps, seen } = depsOf({
    lease: {
      assertHeld: () => {
        throw lost;
      },
    },
  });
  let called = false;
  const effect = effectOf(async () => {
    called = true;
  });
  await expect(createEffects(deps).perform(effect, never)).rejects.toBe(lost);
  expect(called).toBe(false);
  expect(seen).toEqual([]);
});

test('the lease is asserted after whatever a drill does, right before the call', async () => {
  const order: string[] = [];
  const { deps } = depsOf({
    lease: { assertHeld: () => void order.push('lease') },
    atPoint: async (point) => {
      await pause(1);
      order.push(point.side);
    },
  });
  await createEffects(deps).perform(
    effectOf(async () => void order.push('run')),
    never,
  );
  expect(order).toEqual(['before', 'lease', 'run', 'after']);
});

test('an effect that does not end is given up at its deadline, and its signal aborts', async () => {
  const { deps, seen } = depsOf();
  let given: AbortSignal | null = null;
  const stuck = effectOf((signal) => {
    given = signal;
    return new Promise<void>(() => {});
  }, 20);
  await expect(createEffects(deps).perform(stuck, never)).rejects.toThrow(DeadlinePassed);
  await expect.poll(() => given?.aborted).toBe(true);
  expect(seen).toEqual(['arm failed']);
});

test('a drill kills at the numbered effect, or at the first one of a name, on the chosen side', async () => {
  const killed: EffectPoint[] = [];
  const run = async (kill: Parameters<typeof createDrill>[0]): Promise<number> => {
    killed.length = 0;
    let at = 0;
    const atPoint = createDrill(kill, () => void killed.push({ side: 'after', name: 'arm', count: at }));
    const effects = createEffects(depsOf({ atPoint }).deps);
    for (at = 1; at <= 3; at += 1)
      await effects.perform(
        effectOf(async () => {}),
        never,
      );
    return killed.length === 0 ? 0 : (killed[0]?.count ?? 0);
  };
  expect(await run(null)).toBe(0);
  expect(await run({ side: 'before', at: 2 })).toBe(2);
  expect(await run({ side: 'after', at: 'arm' })).toBe(1);
  expect(await run({ side: 'after', at: 'disarm' })).toBe(0);
});
