/** `main.ts redis` in a pod, which `make redis-cli` starts: a prompt on a real Redis, on what the pod's settings lead to. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { afterAll, beforeEach, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../services/booking/src/main.ts', import.meta.url));
const password = 'not-for-everybody';

let redis: RedisProcess | null = null;
beforeEach(async (context) => {
  const program = await requireEngine(redisServer, (note) => context.skip(note));
  if (redis !== null) return;
  redis = await startRedisProcess({ program });
  await redis.command('config', 'set', 'requirepass', password);
});
afterAll(() => redis?.stop());

type Ended = { code: number; stdout: string; stderr: string };

function prompt(url: string, input: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path.resolve(main), 'redis'],
      { env: { PATH: process.env['PATH'], REDIS_URL: url }, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          stdout,
          stderr,
        });
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
const address = (): string => `redis://:${password}@127.0.0.1:${redis?.port ?? 0}`;

test('each line is a command, and its reply is shown', async () => {
  const input =
    'set greeting "hello there"\nget greeting\nxadd stream * kind "a b"\nxlen stream\nget nothing\nquit\nping\n';
  const { code, stdout, stderr } = await prompt(address(), input);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.trim().split('\n')).toEqual([
    'OK',
    'hello there',
    expect.stringMatching(/^\d+-\d+$/),
    '(integer) 1',
    '(nil)',
  ]);
});

test('a command that Redis refuses ends the run, and what stands behind it is not run', async () => {
  const ended = await prompt(address(), 'set counter text\nincr counter\nset behind 1\n');
  expect(ended).toMatchObject({ code: 1, stdout: 'OK\n' });
  expect(ended.stderr).toContain('not an integer');
  expect((await prompt(address(), 'get behind\n')).stdout).toBe('(nil)\n');
});

test('a Redis that is away is said to be, without its password', async () => {
  const { code, stdout, stderr } = await prompt(`redis://:${password}@127.0.0.1:1`, 'ping\n');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe('Redis does not answer within 5 s.\n');
});
