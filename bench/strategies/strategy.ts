/** What every design of reserving has in common here: the question and the answers. */

export type Order = { eventId: string; userId: string; key: string; quantity: number };
export type Outcome =
  | { kind: 'reserved'; id: string; expiresAt: Date }
  | { kind: 'sold-out' }
  /** Someone else was first as often as this design tries. */
  | { kind: 'conflict' };
export type Strategy = {
  reserve: (order: Order) => Promise<Outcome>;
  /** Ends what the strategy opened itself, after the last answer. */
  close?: () => Promise<void>;
};
