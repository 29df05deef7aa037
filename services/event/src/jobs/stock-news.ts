/** News of stock from booking's pods: the board takes them over, and whoever streams the event looks at once. */
import { stockNews } from '@evently/contracts/messages';
import type { Feed, Word } from '@evently/kit/feed';
import type { Logger } from '@evently/kit/log';
import type { StockBoard } from '../actions/stock-board.ts';
import type { Stock } from '../domain/stock.ts';

export type StockNewsDeps = { feed: Feed; board: StockBoard; log: Logger };

/** Calls `look` after each news of the event that is newer than what is known. Answers the function that ends it. */
export function listenForStock(deps: StockNewsDeps, eventId: string, look: () => void): () => void {
  return deps.feed.listen(eventId, (word) => {
    const stock = stockOfWord(word);
    if (stock === null) deps.log.warn({ event_id: eventId }, 'news of stock that cannot be read');
    else if (deps.board.take(eventId, stock)) look();
  });
}

/** Null for what is no stock: pods of another version may tell it in words that this one does not know. */
function stockOfWord({ version, value }: Word): Stock | null {
  const parsed = stockNews.safeParse(value);
  if (!parsed.success) return null;
  const { tiers, at } = parsed.data;
  return {
    stockVersion: version,
    available: tiers.reduce((sum, tier) => sum + tier.available, 0),
    tiers: Object.fromEntries(tiers.map((tier) => [tier.tier_id, tier.available])),
    updatedAt: new Date(at),
  };
}
