/** A consumer as a process of its own, so that a test can end it by SIGKILL; each effect takes a while. */
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { contractConsumers } from '@evently/testkit/bus-consumers';
import { Registry } from 'prom-client';
import { createStreamBus } from '../src/stream-bus.ts';
import { effectHandler } from './effects.ts';

const [, , redisUrl = '', databaseUrl = '', inbox = 'inbox'] = process.argv;
const log = createLogger('consumer', 'silent');
const db = openDatabase({ url: databaseUrl, name: 'consumer', max: 4, log });
const lockDb = openDatabase({ url: databaseUrl, name: 'bus', max: 1, log });
const bus = createStreamBus({
  url: redisUrl,
  pod: 'killed',
  consumers: contractConsumers,
  lockDb,
  log,
  registry: new Registry(),
});
const slowly = async (): Promise<void> => {
  await db.query('select pg_sleep(0.02)');
};
bus.subscribe('things', 'first', effectHandler(db, { failing: slowly, inbox: inbox === 'inbox' }));
await bus.start();
