import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { maxTimerMs } from '@evently/kit/clock';
import { CoreV1Api, Watch } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { keyOf } from './resource.ts';
import { configMap, failing, path, type Fault, type SeenRequest } from './test/fake-api-server.ts';
import {
  configMaps,
  fakeApiServer,
  ourApi,
  ourReflector,
  quietTime,
  stockConfig,
  stockInformer,
  until,
} from './test/transport-setup.ts';

// Each trap of @kubernetes/client-node 2.0.1: what the stock client does, and that ours does not.

const thirtyDaysMs = 30 * 24 * 3_600_000;
const milk = { namespace: 'shop', name: 'milk' };

describe('1: a connection for each call', () => {
  const calls = 50;

  test('the stock client opens one for each of 50 calls', async () => {
    const fake = await fakeApiServer();
    fake.put('milk');
    const core = stockConfig(fake).makeApiClient(CoreV1Api);
    for (let call = 0; call < calls; call += 1) await core.readNamespacedConfigMap(milk);
    expect(fake.connections()).toBe(calls);
  });

  test('ours uses two at most', async () => {
    const fake = await fakeApiServer();
    fake.put('milk');
    const { api } = await ourApi(fake);
    for (let call = 0; call < calls; call += 1) expect(await api.get(configMaps, milk)).not.toBeNull();
    // The pool takes a second one when the first is not yet marked as free; never a third.
    expect(fake.connections()).toBeLessThanOrEqual(2);
  });
});

const deadly: readonly [name: string, fault: () => (request: SeenRequest) => Fault | null][] = [
  ['a reset watch', () => failing('watch', 1, { kind: 'reset' })],
  ['503 on a watch', () => failing('watch', 1, { kind: 'status', status: 503 })],
  ['403 on a watch', () => failing('watch', 1, { kind: 'status', status: 403, reason: 'Forbidden' })],
  ['500 on the first list', () => failing('list', 1, { kind: 'status', status: 500 })],
];

describe('2: an error ends the informer', () => {
  test.for(deadly)('the stock informer asks never again after %s, and ours goes on', async ([, fault]) => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    for (const fake of [stockFake, ourFake]) fake.decide(fault());
    const informer = stockInformer(stockFake);
    const errors: unknown[] = [];
    informer.on('error', (error) => void errors.push(error));
    await informer.start();
    await until(() => errors.length === 1, 'the stock informer tells its error');
    const askedBefore = stockFake.seen.length;

    const { reflector } = await ourReflector(ourFake);
    reflector.start();
    for (const fake of [stockFake, ourFake]) fake.put('milk');
    await until(() => reflector.get(milk) !== null, 'ours sees what was made after the error');

    await quietTime();
    expect(stockFake.seen.length).toBe(askedBefore);
    expect(informer.get('milk', 'shop')).toBeUndefined();
  });
});

describe('3: started is not synced', () => {
  test('the stock start() resolves although the first list failed, and there is nothing to ask', async () => {
    const fake = await fakeApiServer();
    fake.put('milk');
    fake.decide(failing('list', 1, { kind: 'status', status: 500 }));
    const informer = stockInformer(fake);
    await expect(informer.start()).resolves.toBeUndefined();
    expect(informer.list()).toEqual([]);
  });

  test('ours says synced when the list is in, and not before', async () => {
    const fake = await fakeApiServer();
    fake.put('milk');
    fake.decide(failing('list', 7, { kind: 'status', status: 500 }));
    const { reflector } = await ourReflector(fake);
    const listedWhenSynced = reflector.synced.then((value) => [value, reflector.list().length]);
    expect(reflector.isSynced()).toBe(false);
    reflector.start();
    expect(await listedWhenSynced).toEqual([true, 1]);
    expect(fake.count('list')).toBe(8);
  });

  test('stopped before it was synced, ours says so', async () => {
    const fake = await fakeApiServer();
    fake.decide(failing('list', Number.POSITIVE_INFINITY, { kind: 'hang' }));
    const { reflector } = await ourReflector(fake);
    reflector.start();
    await until(() => fake.count('list') === 1, 'the list is asked');
    await reflector.stop();
    expect(await reflector.synced).toBe(false);
  });
});

describe('4: stop() emits an error', () => {
  test('the stock informer, restarted by its error handler as advised, watches on after stop()', async () => {
    const fake = await fakeApiServer();
    const informer = stockInformer(fake);
    const errors: unknown[] = [];
    let advised = true;
    informer.on('error', (error) => {
      errors.push(error);
      if (advised) void informer.start();
    });
    await informer.start();
    await until(() => fake.watches().length === 1, 'it watches');
    await informer.stop();
    await until(() => fake.count('watch') === 2, 'it watches again');
    await quietTime();
    expect(fake.watches()).toHaveLength(1);
    expect(String(errors[0])).toContain('Abort');
    advised = false;
  });

  test('ours ends without a word, and stays ended', async () => {
    const fake = await fakeApiServer();
    const { reflector, told } = await ourReflector(fake);
    let changes = 0;
    reflector.onChange(() => void (changes += 1));
    reflector.start();
    await until(() => fake.watches().length === 1, 'it watches');
    await reflector.stop();
    reflector.start();
    fake.put('milk');
    await until(() => fake.watches().length === 0, 'the watch is closed');
    await quietTime();
    expect(fake.seen).toHaveLength(2);
    expect([told.restarts, changes]).toEqual([[], 0]);
  });
});

describe('5: stop() in a pause is forgotten, start() twice is two', () => {
  test('the stock informer watches after a stop() during its pause', async () => {
    const fake = await fakeApiServer();
    const informer = stockInformer(fake, 100);
    await informer.start();
    await until(() => fake.watches().length === 1, 'it watches');
    fake.watches()[0]?.close();
    await until(() => fake.count('watch') === 2 && fake.watches().length === 1, 'it watches again');
    fake.watches()[0]?.close();
    await until(() => fake.watches().length === 0, 'it pauses');
    await informer.stop();
    await until(() => fake.watches().length === 1, 'it watches although it was stopped');
  });

  test('ours does not, and stop() does not wait for the pause', async () => {
    const fake = await fakeApiServer();
    fake.decide(failing('list', Number.POSITIVE_INFINITY, { kind: 'status', status: 500 }));
    const { reflector, told } = await ourReflector(fake, { firstBackoffMs: 600_000, maxBackoffMs: 600_000 });
    reflector.start();
    // Attempts of one list call are the client's; the pause of the reflector comes after them.
    await until(() => fake.count('list') === 5, 'the list has failed');
    await quietTime();
    await reflector.stop();
    await quietTime();
    expect([fake.count('list'), fake.watches().length, told.relists]).toEqual([5, 0, ['start']]);
  });

  test('two stock start() make two watches, ours one', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    const informer = stockInformer(stockFake);
    await Promise.all([informer.start(), informer.start()]);
    await until(() => stockFake.watches().length === 2, 'the stock informer watches twice');

    const { reflector } = await ourReflector(ourFake);
    reflector.start();
    reflector.start();
    await until(() => ourFake.watches().length === 1, 'ours watches');
    await quietTime();
    expect([ourFake.count('list'), ourFake.count('watch')]).toEqual([1, 1]);
    // A stock informer that was started twice can only stop one of them.
    for (const watch of stockFake.watches()) watch.reset();
  });
});

describe('6: what a handler throws, and lines that cannot be read', () => {
  test('a throw in a handler of the stock informer ends the process', async () => {
    const fake = await fakeApiServer();
    const program = fileURLToPath(new URL('test/stock-handler-throws.ts', import.meta.url));
    const ended = new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [program, fake.url], { timeout: 20_000 }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    await expect.poll(() => fake.watches().length, { timeout: 15_000 }).toBe(1);
    fake.put('milk');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('a defect in a handler');
  });

  test('ours counts it, and the other handlers and events are served', async () => {
    const fake = await fakeApiServer();
    const { reflector, told } = await ourReflector(fake);
    const names: string[] = [];
    reflector.onChange(() => {
      throw new Error('a defect in a handler');
    });
    reflector.onChange(({ key }) => void names.push(key.name));
    reflector.start();
    await until(() => fake.watches().length === 1, 'it watches');
    fake.put('milk');
    fake.put('bread');
    await until(() => names.length === 2, 'both are told');
    expect(told.handlerErrors).toBe(2);
    expect(fake.count('watch')).toBe(1);
  });

  test('the stock informer drops a broken line in silence; ours asks again from where it was', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    const informer = stockInformer(stockFake);
    const errors: unknown[] = [];
    informer.on('error', (error) => void errors.push(error));
    const { reflector, told } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [stockFake, ourFake]) {
      await until(() => fake.watches().length === 1, 'it watches');
      fake.watches()[0]?.sendLine('{"type":"ADDED","object":{"metadata":{"na');
    }
    await until(() => ourFake.count('watch') === 2, 'ours watches again');
    expect(told.restarts).toEqual(['error']);
    for (const fake of [stockFake, ourFake]) fake.put('milk');
    await until(() => reflector.get(milk) !== null, 'ours goes on');
    await until(() => informer.get('milk', 'shop') !== undefined, 'so does the stock one');
    expect([errors, stockFake.count('watch'), stockFake.count('list')]).toEqual([[], 1, 1]);
  });
});

describe('7: errors inside the stream', () => {
  test('the stock informer ignores all but 410; ours watches again', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    const informer = stockInformer(stockFake);
    const { reflector, told } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [stockFake, ourFake]) {
      await until(() => fake.watches().length === 1, 'it watches');
      fake
        .watches()[0]
        ?.send('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'lost' });
    }
    await until(() => ourFake.count('watch') === 2, 'ours watches again');
    expect(told).toMatchObject({ restarts: ['error'], relists: ['start'] });
    await quietTime();
    expect([stockFake.count('watch'), stockFake.watches().length]).toEqual([1, 1]);
  });
});

describe('8: two shapes in one cache', () => {
  test('the stock cache holds dates or texts, by how an object came in; ours one frozen shape', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    for (const fake of [stockFake, ourFake]) fake.put('listed');
    const informer = stockInformer(stockFake);
    const { reflector } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [stockFake, ourFake]) {
      await until(() => fake.watches().length === 1, 'it watches');
      fake.put('watched');
    }
    const stockMade = (name: string): unknown => informer.get(name, 'shop')?.metadata?.creationTimestamp;
    await until(() => stockMade('watched') !== undefined, 'the stock cache has it');
    expect(stockMade('listed')).toBeInstanceOf(Date);
    expect(typeof stockMade('watched')).toBe('string');

    const ours = (name: string) => reflector.get({ namespace: 'shop', name });
    await until(() => ours('watched') !== null, 'ours has it');
    for (const name of ['listed', 'watched']) {
      expect(ours(name)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
      expect(ours(name)?.metadata.creationTimestamp).toBe('2026-11-20T18:00:00Z');
      expect(Object.isFrozen(ours(name)) && Object.isFrozen(ours(name)?.metadata.labels)).toBe(true);
      expect(Object.isFrozen(ours(name)?.['data'])).toBe(true);
    }
  });
});

describe('9: older events overwrite newer objects', () => {
  test('the stock informer goes back with a replayed event, and its watch too; ours does neither', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    const informer = stockInformer(stockFake);
    const { reflector, told } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [stockFake, ourFake]) {
      await until(() => fake.watches().length === 1, 'it watches');
      fake.raiseVersion(20);
      const { uid } = fake.put('milk', { litres: '2' }).metadata;
      fake.watches()[0]?.send('MODIFIED', configMap('milk', uid, 15, { litres: '1' }));
    }
    await until(() => told.stale === 1, 'ours was told the old event');
    expect(reflector.get(milk)?.['data']).toEqual({ litres: '2' });
    await until(() => informer.get('milk', 'shop')?.data?.['litres'] === '1', 'the stock cache went back');
    for (const fake of [stockFake, ourFake]) {
      fake.watches()[0]?.close();
      await until(() => fake.count('watch') === 2, 'it watches again');
    }
    expect(sinceOf(stockFake.seen.at(-1))).toBe('15');
    expect(sinceOf(ourFake.seen.at(-1))).toBe('21');
    expect(told.stale).toBe(1);
  });

  test('an object that was deleted does not come back by an older event', async () => {
    const fake = await fakeApiServer();
    const { reflector, told } = await ourReflector(fake);
    const kinds: string[] = [];
    reflector.onChange(({ kind }) => void kinds.push(kind));
    reflector.start();
    await until(() => fake.watches().length === 1, 'it watches');
    const old = fake.put('milk');
    fake.remove('milk');
    fake.watches()[0]?.send('MODIFIED', old);
    await until(() => told.stale === 1, 'the old event came');
    expect([kinds, reflector.get(milk)]).toEqual([['added', 'deleted'], null]);
  });
});

describe('10: no bookmarks', () => {
  test('a quiet stock informer lists again after a compaction; ours goes on from a bookmark', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    const informer = stockInformer(stockFake);
    const { reflector, told } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [stockFake, ourFake]) {
      await until(() => fake.watches().length === 1, 'it watches');
      fake.raiseVersion(1_000);
      const [watch] = fake.watches();
      if (watch?.query.get('allowWatchBookmarks') === 'true')
        watch.send('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: '1000' } });
      fake.compact();
      watch?.close();
    }
    await until(() => stockFake.count('list') === 2, 'the stock informer lists again');
    await until(() => ourFake.count('watch') === 2, 'ours watches on');
    expect([told.relists, ourFake.count('list'), sinceOf(ourFake.seen.at(-1))]).toEqual([
      ['start'],
      1,
      '1000',
    ]);
  });
});

describe('11: a version that is gone', () => {
  test('closed without a 410, the stock informer loops for ever; ours lists again after three', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    for (const fake of [stockFake, ourFake]) {
      fake.decide((request) =>
        request.verb === 'watch' && sinceOf(request) !== '1000' ? { kind: 'close' } : null,
      );
    }
    const informer = stockInformer(stockFake, 1);
    const { reflector, told } = await ourReflector(ourFake);
    await informer.start();
    reflector.start();
    for (const fake of [ourFake, stockFake]) {
      await until(() => fake.count('watch') >= 1, 'it watches');
      fake.raiseVersion(1_000);
    }
    await until(() => ourFake.watches().length === 1, 'ours has a watch that stays');
    expect([told.relists, ourFake.count('watch')]).toEqual([['start', 'empty-closes'], 4]);
    await until(() => stockFake.count('watch') > 50, 'the stock informer loops');
    expect(stockFake.count('list')).toBe(1);
  });

  test('ours lists again on 410 as a status and inside the stream', async () => {
    const fake = await fakeApiServer();
    fake.decide(failing('watch', 1, { kind: 'status', status: 410, reason: 'Expired' }));
    const { reflector, told } = await ourReflector(fake);
    reflector.start();
    await until(() => fake.watches().length === 1, 'it watches after the status');
    expect(told.relists).toEqual(['start', 'expired']);
    fake.removeQuietly('nothing');
    fake.watches()[0]?.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
    await until(() => fake.count('list') === 3, 'it lists after the error in the stream');
    expect(told.relists).toEqual(['start', 'expired', 'expired']);
  });

  test('a stock watch tells 410 as an end, never as a rejection', async () => {
    const fake = await fakeApiServer();
    fake.decide(failing('watch', 1, { kind: 'status', status: 410, reason: 'Expired' }));
    const ends: unknown[] = [];
    await new Watch(stockConfig(fake)).watch(
      path,
      {},
      () => {},
      (error) => void ends.push(error),
    );
    expect(ends).toMatchObject([{ statusCode: 410 }]);
  });
});

describe("12: waits longer than Node's timers keep", () => {
  test('a stock watch that may be idle for 30 days is ended at once; ours stays', async () => {
    const [stockFake, ourFake] = [await fakeApiServer(), await fakeApiServer()];
    expect(thirtyDaysMs).toBeGreaterThan(maxTimerMs);
    const watch = new Watch(stockConfig(stockFake));
    Reflect.set(watch, 'requestTimeoutMs', thirtyDaysMs);
    const ends: unknown[] = [];
    await watch.watch(
      path,
      {},
      () => {},
      (error) => void ends.push(error),
    );
    await until(() => ends.length === 1, 'the stock watch ended');
    expect(ends).toMatchObject([{ name: 'TimeoutError' }]);

    const { reflector } = await ourReflector(ourFake, {
      idleLimitMs: thirtyDaysMs,
      relistEveryMs: thirtyDaysMs,
      listDeadlineMs: thirtyDaysMs,
    });
    reflector.start();
    await until(() => ourFake.watches().length === 1, 'ours watches');
    await quietTime();
    ourFake.put('milk');
    await until(() => reflector.list().some((one) => keyOf(one).name === 'milk'), 'ours is alive');
    expect([ourFake.count('list'), ourFake.count('watch')]).toEqual([1, 1]);
  });
});

function sinceOf(request: SeenRequest | undefined): string | null {
  return request?.url.searchParams.get('resourceVersion') ?? null;
}
