/** A handler whose effect is a row, with an inbox or without. */
import type { Handler } from '@evently/kit/bus';
import { consume, oneByOne } from '@evently/kit/inbox';
import { createLogger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';

export type EffectOptions = {
  /** Asked before each effect; it fails by throwing. */
  failing?: (key: string, number: unknown) => Promise<void> | void;
  /** Without it a message takes effect each time it is handed over. */
  inbox?: boolean;
};

const log = createLogger('test', 'silent');
const insert = 'insert into effects (key, number) values ($1, $2)';

export function effectHandler(db: Database, { failing, inbox = true }: EffectOptions): Handler {
  if (!inbox)
    return oneByOne('first', async ({ key, payload }) => {
      await failing?.(key, payload);
      await db.query(insert, [key, payload]);
    });
  return consume({ db, log }, 'first', async (client, { key, payload }) => {
    await failing?.(key, payload);
    await client.query(insert, [key, payload]);
  });
}
