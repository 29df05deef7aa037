import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVirtualTime, type VirtualTime } from '@evently/testkit/virtual-time';
import { createMemoryLeases, type Fault, type MemoryLeases } from '../../test/memory-leases.ts';
import { runElection, type ElectionEnd } from './election.ts';
import { microTime } from './lease-store.ts';
import { defaultElectionTiming, type ElectionTiming } from './lease.ts';

type Candidate = {
  /** When it might write: from the beginning of a renewal to the end of its validity. */
  held: { fromMs: number; untilMs: number; transitions: number }[];
  isHeld: () => boolean;
  ended: () => ElectionEnd | null;
  stop: () => void;
  faults: { next: () => Promise<Fault> };
  failures: number;
};

const never = (): Promise<Fault> => Promise.resolve('none');

function startCandidate(
  time: VirtualTime,
  leases: MemoryLeases,
  identity: string,
  {
    wallMs = 0,
    freeze = () => 0,
    timing = defaultElectionTiming,
  }: { wallMs?: number; freeze?: () => number; timing?: ElectionTiming } = {},
): Candidate {
  const stop = new AbortController();
  let end: ElectionEnd | null = null;
  const candidate: Candidate = {
    held: [],
    isHeld: () => (candidate.held.at(-1)?.untilMs ?? -1) > time.nowMs(),
    ended: () => end,
    stop: () => stop.abort(),
    faults: { next: never },
    failures: 0,
  };
  void runElection({
    store: leases.storeFor(() => candidate.faults.next()),
    identity,
    timing,
    // A frozen process wakes up late.
    time: { nowMs: time.nowMs, pause: (ms, signal) => time.pause(ms + freeze(), signal) },
    clock: { now: () => new Date(1_700_000_000_000 + wallMs + time.nowMs()) },
    chance: () => 0,
    stop: stop.signal,
    report: {
      held: (transitions, fromMs, untilMs) => void candidate.held.push({ fromMs, untilMs, transitions }),
      releasing: () => {
        const last = candidate.held.at(-1);
        if (last !== undefined) last.untilMs = Math.min(last.untilMs, time.nowMs());
      },
      observed: () => undefined,
      failed: () => void (candidate.failures += 1),
      beat: () => undefined,
    },
  }).then((ended) => {
    end = ended;
  });
  return candidate;
}

/** The first moment at which the candidate holds, looking every 10 ms. */
async function untilHeld(time: VirtualTime, candidate: Candidate, limitMs: number): Promise<number> {
  const givesUpAtMs = time.nowMs() + limitMs;
  while (!candidate.isHeld() && time.nowMs() < givesUpAtMs) await time.advance(10);
  return candidate.isHeld() ? time.nowMs() : Infinity;
}

test('a lease that nobody has is taken after one duration, with no transition', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  const one = startCandidate(time, leases, 'one');
  const heldAtMs = await untilHeld(time, one, 60_000);
  expect(heldAtMs).toBeGreaterThanOrEqual(15_000);
  expect(heldAtMs).toBeLessThan(15_100);
  expect(leases.stored()?.record).toMatchObject({ holder: 'one', transitions: 0, durationSeconds: 15 });
});

test('an old record is believed for the duration that it states, counted from when it was seen', async () => {
  const [time, leases] = [createVirtualTime(1_000_000), createMemoryLeases()];
  leases.put({
    holder: 'gone',
    durationSeconds: 40,
    transitions: 7,
    renewTime: '2001-01-01T00:00:00.000000Z',
  });
  const one = startCandidate(time, leases, 'one');
  const heldAtMs = await untilHeld(time, one, 60_000);
  expect(heldAtMs - 1_000_000).toBeGreaterThanOrEqual(40_000);
  expect(leases.stored()?.record).toMatchObject({ holder: 'one', transitions: 8 });
});

test('a leader that dies is followed within 20 s, and the clocks of the two do not matter', async () => {
  for (const skewMs of [-86_400_000, 0, 86_400_000]) {
    const [time, leases] = [createVirtualTime(), createMemoryLeases()];
    const one = startCandidate(time, leases, 'one');
    await untilHeld(time, one, 60_000);
    const two = startCandidate(time, leases, 'two', { wallMs: skewMs });
    await time.advance(120_000);
    expect([one.isHeld(), two.isHeld()]).toEqual([true, false]);
    const diedAtMs = time.nowMs();
    one.faults.next = () => new Promise(() => undefined);
    const tookMs = (await untilHeld(time, two, 60_000)) - diedAtMs;
    expect(tookMs).toBeLessThan(20_000);
    expect(tookMs).toBeGreaterThan(10_000);
    expect(one.isHeld()).toBe(false);
    expect(leases.stored()?.record.transitions).toBe(1);
  }
});

test('a lease that was handed back is taken at the next look', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  const one = startCandidate(time, leases, 'one');
  await untilHeld(time, one, 60_000);
  const two = startCandidate(time, leases, 'two');
  await time.advance(10_000);
  one.stop();
  await time.settle();
  expect(one.ended()).toEqual({ kind: 'stopped' });
  expect(leases.stored()?.record).toMatchObject({ holder: '', durationSeconds: 1 });
  expect(one.isHeld()).toBe(false);
  const freedAtMs = time.nowMs();
  expect((await untilHeld(time, two, 60_000)) - freedAtMs).toBeLessThanOrEqual(2_000);
  expect(leases.stored()?.record).toMatchObject({ holder: 'two', transitions: 1, durationSeconds: 15 });
});

test('nine seconds without an API server cost nothing, ten the lease', async () => {
  for (const [awayMs, survives] of [
    [8_900, true],
    [10_100, false],
  ] as const) {
    const [time, leases] = [createVirtualTime(), createMemoryLeases()];
    const one = startCandidate(time, leases, 'one');
    await untilHeld(time, one, 60_000);
    // Right after a renewal.
    await time.advance(2_000);
    const backAtMs = time.nowMs() + awayMs;
    one.faults.next = () => Promise.resolve(time.nowMs() < backAtMs ? 'refused' : 'none');
    await time.advance(30_000);
    expect(one.isHeld()).toBe(survives);
    expect(one.ended()?.kind ?? 'leads').toBe(survives ? 'leads' : 'lost');
  }
});

test('a renewal whose answer is lost costs nothing', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  const one = startCandidate(time, leases, 'one');
  await untilHeld(time, one, 60_000);
  let calls = 0;
  // Each third call happens and is not answered.
  one.faults.next = () => Promise.resolve((calls += 1) % 3 === 0 ? 'lost' : 'none');
  await time.advance(120_000);
  expect(one.isHeld()).toBe(true);
  expect(one.failures).toBeGreaterThan(10);
});

test('somebody who edits or deletes the lease ends no leadership, somebody who takes it does', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  leases.put({ holder: '', transitions: 4 });
  const one = startCandidate(time, leases, 'one');
  await untilHeld(time, one, 60_000);
  leases.put({});
  await time.advance(2_500);
  expect(one.isHeld()).toBe(true);
  leases.remove();
  await time.advance(2_500);
  expect(one.isHeld()).toBe(true);
  expect(leases.stored()).toMatchObject({
    record: { holder: 'one', transitions: 5 },
    object: { metadata: { uid: 'uid-2' } },
  });
  leases.put({ holder: 'usurper' });
  await time.advance(2_500);
  expect(one.ended()).toEqual({ kind: 'lost', why: 'usurper holds the lease now' });
  expect(leases.stored()?.record.holder).toBe('usurper');
});

test('a lease deleted and made again by another candidate has never two leaders', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  const one = startCandidate(time, leases, 'one');
  await untilHeld(time, one, 60_000);
  await time.advance(2_000);
  one.faults.next = () => Promise.resolve('refused');
  leases.remove();
  const two = startCandidate(time, leases, 'two');
  await untilHeld(time, two, 60_000);
  expect(one.isHeld()).toBe(false);
  expect(leases.stored()?.record).toMatchObject({ holder: 'two', transitions: 0 });
});

test('a leader that was frozen past its time lets go without asking, also when nobody has noticed', async () => {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  let frozenMs = 0;
  const one = startCandidate(time, leases, 'one', { freeze: () => frozenMs });
  await untilHeld(time, one, 60_000);
  frozenMs = 12_000;
  await time.advance(4_000);
  const writes = leases.writes();
  await time.advance(60_000);
  expect(one.ended()?.kind).toBe('lost');
  expect(leases.writes()).toBe(writes);
});

test('times in the lease have six digits', () => {
  expect(microTime(new Date(1_700_000_000_123))).toBe('2023-11-14T22:13:20.123000Z');
});

type Turn = { fault: Fault; slowMs: number; frozenMs: number };
type Weather = readonly Turn[];
const fair: Turn = { fault: 'none', slowMs: 0, frozenMs: 0 };
const turn = fc.oneof(
  { weight: 12, arbitrary: fc.constant(fair) },
  {
    weight: 1,
    arbitrary: fc.record<Turn>({
      fault: fc.constantFrom<Fault>('none', 'lost', 'refused'),
      slowMs: fc.constantFrom(0, 5, 900, 2_400, 9_000, 14_000),
      frozenMs: fc.constantFrom(0, 3_000, 11_000, 20_000),
    }),
  },
);
const weather = fc.array(turn, { minLength: 20, maxLength: 60 });

/** A process in its weather, which is started again as another one when it has ended. */
function startReplica(
  time: VirtualTime,
  leases: MemoryLeases,
  turns: Weather,
  name: string,
  timing: ElectionTiming,
) {
  let at = 0;
  let lives = 0;
  const next = (): Turn => turns[(at += 1) % turns.length] ?? fair;
  const begin = (): Candidate => {
    const identity = `${name}-${(lives += 1)}`;
    const candidate = startCandidate(time, leases, identity, { freeze: () => next().frozenMs, timing });
    candidate.faults.next = async () => {
      const { fault, slowMs } = next();
      await time.pause(slowMs);
      return fault;
    };
    return candidate;
  };
  let current = begin();
  return {
    isHeld: () => current.isHeld(),
    stop: () => current.stop(),
    revive: () => {
      if (current.ended() !== null) current = begin();
    },
  };
}

type Played = { heldTurns: number; bothTurns: number };

/** Ten minutes; a deleted lease and a clean restart now and then. */
async function playWeather(all: readonly Weather[], timing: ElectionTiming): Promise<Played> {
  const [time, leases] = [createVirtualTime(), createMemoryLeases()];
  const replicas = all.map((turns, index) => startReplica(time, leases, turns, `replica-${index}`, timing));
  const played: Played = { heldTurns: 0, bothTurns: 0 };
  for (let at = 1; at <= 1_200; at += 1) {
    await time.advance(500);
    if (at % 200 === 0) leases.remove();
    if (at % 170 === 0) replicas[at % replicas.length]?.stop();
    for (const replica of replicas) replica.revive();
    const holding = replicas.filter((replica) => replica.isHeld()).length;
    if (holding > 0) played.heldTurns += 1;
    if (holding > 1) played.bothTurns += 1;
  }
  return played;
}

async function playAll(seed: number, timing: ElectionTiming): Promise<Played> {
  const sum: Played = { heldTurns: 0, bothTurns: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(weather, { minLength: 2, maxLength: 3 }), async (all) => {
      const { heldTurns, bothTurns } = await playWeather(all, timing);
      sum.heldTurns += heldTurns;
      sum.bothTurns += bothTurns;
    }),
    { seed, numRuns: 12 },
  );
  return sum;
}

test('in any weather at most one candidate may write', { timeout: 60_000 }, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  const { heldTurns, bothTurns } = await playAll(seed, defaultElectionTiming);
  process.stdout.write(`election property: SEED=${seed}, led in ${heldTurns} of ${12 * 1_200} looks\n`);
  expect(bothTurns).toBe(0);
  expect(heldTurns).toBeGreaterThan(1_200);
});

test('the weather is bad enough: who trusts a lease for longer than it lasts meets another leader', async () => {
  const { bothTurns } = await playAll(1, { ...defaultElectionTiming, renewDeadlineMs: 22_000 });
  expect(bothTurns).toBeGreaterThan(0);
});
