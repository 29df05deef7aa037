/** Sales of a test: specs with shortened times, and waiting for what becomes of them. */
import { expect } from 'vitest';
import type { Space } from './cluster.ts';
import type { Json } from './kube-client.ts';

export type ShortSale = {
  eventId: string;
  opensInMs: number;
  /** After the opening; null without a close. */
  lastsMs: number | null;
  /** Reservations a second; a pod of the pool serves 100 unless the test says otherwise. */
  demand: number;
};

export type ShortSpec = ReturnType<typeof shortSale>;

/** The shortest lead time that the schema takes, all tasks of the platform, and steps every 5 s by half. */
export function shortSale({ eventId, opensInMs, lastsMs, demand }: ShortSale) {
  const opensAtMs = Date.now() + opensInMs;
  return {
    eventID: eventId,
    opensAt: new Date(opensAtMs).toISOString(),
    ...(lastsMs !== null && { closesAt: new Date(opensAtMs + lastsMs).toISOString() }),
    demand: { peakReservationsPerSecond: demand },
    prewarm: {
      leadTime: '1m',
      tasks: [{ name: 'Inventory' }, { name: 'Connections' }, { name: 'Event' }],
    },
    scaleDown: { stepPercent: 50, period: '5s', after: '20s' },
  };
}

/** `True/Armed`, or an empty text when the sale does not have the condition. */
export function conditionOf(sale: Json, type: string): string {
  const conditions: { type: string; status: string; reason: string }[] = sale?.status?.conditions ?? [];
  const found = conditions.find((one) => one.type === type);
  return found === undefined ? '' : `${found.status}/${found.reason}`;
}

export function messageOf(sale: Json, type: string): string {
  const conditions: { type: string; message: string }[] = sale?.status?.conditions ?? [];
  return conditions.find((one) => one.type === type)?.message ?? '';
}

/** Waits until the sale's stage, the reason of Ready, is one of `stages`. */
export async function untilStage(
  space: Space,
  name: string,
  stages: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const stage = async (): Promise<string> => conditionOf(await space.sale(name), 'Ready').split('/')[1] ?? '';
  await expect
    .poll(stage, { timeout: timeoutMs, interval: 100 })
    .toSatisfy((seen: string) => stages.includes(seen));
}

export async function untilFloor(space: Space, floor: number, timeoutMs: number): Promise<void> {
  await expect.poll(() => space.floor(), { timeout: timeoutMs, interval: 100 }).toBe(floor);
}

export type Track = {
  /** Every stage in the order in which it was first seen, with the seconds since the start. */
  stages: () => readonly string[];
  /** Every floor, one after the other. */
  floors: () => readonly number[];
  /** Every stage with what kstatus makes of the sale in it, such as `Armed Current`, each once. */
  kstatuses: () => readonly string[];
  /** What was seen when, in words. */
  report: () => string;
  stop: () => Promise<void>;
};

const lookMs = 100;

/** As kstatus judges any object: tools that wait for a sale see no more of it than this. */
export function kstatusOf(sale: Json): 'InProgress' | 'Failed' | 'Current' {
  if (sale.status?.observedGeneration !== sale.metadata.generation) return 'InProgress';
  if (conditionOf(sale, 'Reconciling').startsWith('True/')) return 'InProgress';
  if (conditionOf(sale, 'Stalled').startsWith('True/')) return 'Failed';
  return conditionOf(sale, 'Ready').startsWith('False/') ? 'InProgress' : 'Current';
}

/** Looks at the sale and its floor ten times a second until it is stopped. */
export function trackSale(space: Space, name: string): Track {
  const startedMs = Date.now();
  const stages: string[] = [];
  const kstatuses = new Set<string>();
  const floors: number[] = [];
  const lines: string[] = [];
  let stopped = false;
  const note = (text: string): void =>
    void lines.push(`${((Date.now() - startedMs) / 1_000).toFixed(1)} s ${text}`);
  const looking = (async () => {
    // One look more after the end: what was last waited for is among what was seen.
    for (let isLast = false; !isLast;) {
      isLast = stopped;
      const [sale, pool] = await Promise.all([space.sale(name), space.pool()]);
      const stage = conditionOf(sale, 'Ready').split('/')[1] ?? '';
      if (stage !== '') kstatuses.add(`${stage} ${kstatusOf(sale)}`);
      if (stage !== '' && stages.at(-1) !== stage) {
        stages.push(stage);
        note(stage);
      }
      if (floors.at(-1) !== pool.floor) {
        floors.push(pool.floor);
        note(`floor ${pool.floor}`);
      }
      if (!isLast) await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  })();
  return {
    stages: () => stages,
    floors: () => floors,
    kstatuses: () => [...kstatuses],
    report: () => lines.join(', '),
    stop: async () => {
      stopped = true;
      await looking;
    },
  };
}

/** Asks for a seat every 20 ms until one is given; answers when, and what the refusals before were. */
export async function firstReservation(
  reserve: () => Promise<{ status: number; code: string; atMs: number }>,
  untilMs: number,
): Promise<{ status: number; atMs: number; refusals: ReadonlySet<string> }> {
  const refusals = new Set<string>();
  while (Date.now() < untilMs) {
    const answer = await reserve();
    if (answer.status < 300) return { ...answer, refusals };
    refusals.add(`${answer.status} ${answer.code}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody could reserve in time: ${[...refusals].join(', ')}`);
}
