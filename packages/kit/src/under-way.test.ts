import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pause } from './clock.ts';
import { createUnderWay } from './under-way.ts';

const longerThanLateRequestsMs = 800;

/** A port that answers nothing by itself; who asked for what is in `held`. */
async function holdEverything() {
  const underWay = createUnderWay();
  const held = new Map<string, ServerResponse>();
  const server = createServer(underWay.counted((req, res) => void held.set(req.url ?? '', res)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ask = (path: string): Promise<number | null> =>
    fetch(`http://127.0.0.1:${port}${path}`).then(
      ({ status }) => status,
      () => null,
    );
  return { underWay, held, ask };
}

test('a port is quiet when what was asked is answered; event streams are not waited for', async () => {
  const { underWay, held, ask } = await holdEverything();
  void ask('/bookings/1/stream?from=3');
  const answered = ask('/bookings/1');
  await vi.waitFor(() => expect(held.size).toBe(2));
  let isQuiet = false;
  const quiet = underWay.quiet().then(() => {
    isQuiet = true;
  });
  await pause(longerThanLateRequestsMs);
  expect(isQuiet).toBe(false);
  held.get('/bookings/1')?.end();
  await quiet;
  expect(await answered).toBe(200);
});

test('who leaves before the answer is not waited for', async () => {
  const { underWay, held, ask } = await holdEverything();
  const answered = ask('/bookings/1');
  await vi.waitFor(() => expect(held.size).toBe(1));
  held.get('/bookings/1')?.destroy();
  await underWay.quiet();
  expect(await answered).toBeNull();
});
