import { afterAll } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { contractConsumers } from '@evently/testkit/bus-consumers';
import { describeBus, type OpenBus } from '@evently/testkit/bus-contract';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { Registry } from 'prom-client';
import { createStreamBus } from './stream-bus.ts';

const log = createLogger('test', 'silent');
let redis: RedisProcess | undefined;
afterAll(() => redis?.stop());

describeBus('the bus between pods', async (skip) => {
  redis ??= await startRedisProcess({ program: await requireEngine(redisServer, skip) });
  const { url } = redis;
  await redis.command('FLUSHALL');
  const open: OpenBus = async (database) => {
    const lockDb = openDatabase({ url: database.url, name: 'bus', max: 1, log });
    const bus = createStreamBus({
      url,
      pod: 'pod',
      consumers: contractConsumers,
      lockDb,
      log,
      registry: new Registry(),
      retryDelayMs: () => 20,
    });
    return { bus, close: () => lockDb.close() };
  };
  return open;
});
