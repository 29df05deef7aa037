/** What a change makes of what is known of an event: two orders side by side, and nothing older ever wins. Pure. */
import type { Newest } from '../../domain/newest.ts';
import type { State } from './index-source.ts';

/** Null when nothing changes. An equal version replaces, of a document and of a stock: that is how the index is repaired. */
export function nextState(known: State, { content, stock }: Newest): State | null {
  const takesContent = content !== undefined && content.version >= known.version;
  const takesStock = stock !== undefined && (known.stock === null || stock.version >= known.stock.version);
  if (!takesContent && !takesStock) return null;
  return {
    version: takesContent ? content.version : known.version,
    document: takesContent ? content.document : known.document,
    stock: takesStock ? stock : known.stock,
  };
}
