/** How large a run is: `full` is what is published, `smoke` shows in two minutes that everything works. */

export type Herd = { buyers: number; seats: number; perSecond: number };

export type Sizes = {
  name: 'full' | 'smoke';
  herds: readonly Herd[];
  /** More buyers at once than the queue of `queue` requests takes. */
  overflow: Herd & { queue: number };
  warmUp: { perSecond: number; seconds: number };
  settleMs: number;
};

const exactHerds: readonly Herd[] = [
  { buyers: 300, seats: 10, perSecond: 3_000 },
  { buyers: 300, seats: 299, perSecond: 3_000 },
];

export const fullSizes: Sizes = {
  name: 'full',
  herds: [...exactHerds, { buyers: 10_000, seats: 1_000, perSecond: 10_000 }],
  overflow: { buyers: 50_000, seats: 20_000, perSecond: 50_000, queue: 8_192 },
  warmUp: { perSecond: 2_000, seconds: 5 },
  settleMs: 10_500,
};

export const smokeSizes: Sizes = {
  name: 'smoke',
  herds: [...exactHerds, { buyers: 1_000, seats: 100, perSecond: 5_000 }],
  overflow: { buyers: 1_000, seats: 500, perSecond: 20_000, queue: 250 },
  warmUp: { perSecond: 1_000, seconds: 1 },
  settleMs: 200,
};
