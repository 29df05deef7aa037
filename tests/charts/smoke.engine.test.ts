import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess } from '@evently/testkit/engines/redis-server';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parts } from '../../charts/build/umbrella-values.ts';
import { createPodPlatform, serviceNames } from '../pods/pod-platform.ts';
import { runToEnd } from '../pods/pod-process.ts';
import { find, helmWorld, renderObjects } from './helm-world.ts';

const world = helmWorld();
const podSchema = z.object({ containers: z.tuple([z.object({ args: z.array(z.string()) })]) });
const lifeMs = 120_000;

async function argsWith(set: readonly string[]): Promise<string[]> {
  const objects = await renderObjects(world.copy(), { set });
  return podSchema.parse(find(objects, 'Pod', 'evently-test').spec).containers[0].args;
}

test(
  'the pod of helm test passes for real pods, and says which of them it cannot reach',
  async (context) => {
    const program = await requireEngine(redisServer, (note) => context.skip(note));
    const redis = await startRedisProcess({ program });
    const platform = await createPodPlatform({ REDIS_URL: redis.url });
    try {
      const installed = serviceNames.filter((name) => parts.some((part) => part === name));
      const urls = installed.map((name) => `global.urls.${name}=${platform.urlOf(name)}`);
      const args = await argsWith(urls);
      await platform.migrate();
      const pods = await platform.startAll();
      // As the image starts it: its entry point is node.
      const passed = await runToEnd([process.execPath, ...args], {});
      expect(passed).toEqual({ code: 0, stdout: 'All 29 answers are as they should be.\n', stderr: '' });
      const without = await argsWith([...urls, 'search.enabled=false', 'global.withSearch=false']);
      await pods.search.stop();
      const fewer = await runToEnd([process.execPath, ...without], {});
      expect(fewer).toEqual({ code: 0, stdout: 'All 23 answers are as they should be.\n', stderr: '' });
      await pods.payment.stop();
      const failed = await runToEnd([process.execPath, ...args], {});
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain(`${platform.urlOf('payment')}/health/ready`);
      expect(failed.stderr).toContain(`${platform.urlOf('search')}/api/search?q=a`);
      expect(failed.stdout).toBe('11 of 29 answers are not as they should be.\n');
    } finally {
      await platform.close();
      await redis.stop();
    }
  },
  lifeMs,
);
