/** Brings what changed into an engine: each event once, with the newest that is known of it. */
import type { Database } from '@evently/kit/postgres';
import { changesOf } from '../domain/changes.ts';
import type { SearchEngine } from '../engine/port.ts';
import { settlePending, takePending, takeTurn } from '../store/pending.ts';

/** Events of one batch: each is two changes at most. */
const batchSize = 400;
const maxBatches = 500;

/**
 * Applies what waits for `engine`; answers how many events. One process works for an engine at a time, others answer 0 at
 * once. An engine that is away rejects with `EngineAway`, and everything goes on waiting.
 */
export async function indexChanges(deps: { db: Database; engine: SearchEngine }): Promise<number> {
  let applied = 0;
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const events = await indexBatch(deps);
    applied += events;
    if (events < batchSize) break;
  }
  return applied;
}

/**
 * The turn is an advisory lock of the transaction; the rows themselves are not locked, so messages go on being taken
 * while the engine works. What they change meanwhile waits for the next batch.
 */
function indexBatch({ db, engine }: { db: Database; engine: SearchEngine }): Promise<number> {
  return db.transaction(async (client) => {
    if (!(await takeTurn(client, engine.kind))) return 0;
    const taken = await takePending(client, engine.kind, batchSize);
    if (taken.pending.length === 0) return 0;
    await engine.apply(taken.pending.flatMap((known) => changesOf(known, known.isWhole)));
    await settlePending(client, engine.kind, taken);
    return taken.pending.length;
  });
}
