/** Keys changed as the runbook says: two accepted at once in between, and every pod told before the old one goes. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { changeSecret, namespace } from './namespace.ts';
import { rolloutAll, untilSettled } from './pods.ts';
import type { World } from './world.ts';

/** As identity's settings have them; a key is published so long before it signs. */
const rotationSeconds = 2_592_000;
const publishAheadSeconds = 600;
const rolloutMs = 150_000;
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/** Ids of the keys that an issuer publishes. */
export async function keyIdsOf(issuerUrl: string): Promise<string[]> {
  const answer = await fetch(`${issuerUrl}/.well-known/jwks.json`, { signal: AbortSignal.timeout(5_000) });
  return keySet.parse(await answer.json()).keys.map(({ kid }) => kid);
}

/** Answers the new internal key. Three rounds of restarts; what a month does to the signing keys is done to their ages. */
export async function rotateSecrets({ cluster, host, timings }: World, old: string): Promise<string> {
  const next = randomBytes(24).toString('hex');
  const restartWith = async (apiKey: string, accepted: readonly string[]): Promise<void> => {
    await changeSecret(cluster, 'evently-platform', {
      'api-key': apiKey,
      'accepted-api-keys': accepted.join(','),
    });
    const all = ['-n', namespace, '-l', 'app.kubernetes.io/part-of=evently'];
    await cluster.kubectl(['rollout', 'restart', 'deployment', ...all]);
    await rolloutAll(cluster, rolloutMs);
  };
  const age = async (seconds: number): Promise<void> => {
    for (const database of ['user', 'event'] as const) {
      await host.query(
        database,
        `update signing_keys set created_at = created_at - make_interval(secs => ${seconds}),
           activated_at = activated_at - make_interval(secs => ${seconds})`,
      );
    }
  };
  await age(rotationSeconds - publishAheadSeconds);
  await timings.step('both keys are accepted, the next signing key is published', () =>
    restartWith(old, [old, next]),
  );
  await timings.step('the new key is shown', () => restartWith(next, [old, next]));
  await age(publishAheadSeconds);
  await timings.step('the old key is accepted no more, the next signing key signs', () =>
    restartWith(next, [next]),
  );
  await untilSettled(cluster, rolloutMs);
  return next;
}
