/** Tells other processes at once what a commit left of an event, for those who are watching it. */
import type { stockNews } from '@evently/contracts/messages';
import type { Clock } from '@evently/kit/clock';
import type { Feed } from '@evently/kit/feed';
import type { z } from 'zod';

/** After a commit, with every tier of the event. Never waits and never throws. */
export type AnnounceStock = (
  eventId: string,
  version: number,
  tiers: readonly { tierId: string; available: number }[],
) => void;

/** A hint: what must not be lost is in the outbox, written with the change itself. */
export function createAnnounceStock(feed: Feed | undefined, clock: Clock): AnnounceStock {
  if (feed === undefined) return () => {};
  return (eventId, version, tiers) => {
    const value: z.output<typeof stockNews> = {
      tiers: tiers.map((tier) => ({ tier_id: tier.tierId, available: tier.available })),
      at: clock.now().toISOString(),
    };
    feed.publish({ key: eventId, version, value });
  };
}
