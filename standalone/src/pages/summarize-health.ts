/** The health of the whole: every service's readiness in one answer. */
import { z } from 'zod';
import type { Fetch } from '@evently/kit/caller';
import { pause } from '@evently/kit/clock';
import type { ServiceName } from '../gateway/routes.ts';

export type PlatformHealth = {
  status: string;
  services: Record<string, Record<string, string>>;
};

const answerMs = 3_000;
const readinessSchema = z.record(z.string(), z.string());

/** `healthy` when every service is ready; otherwise `unavailable`, or why the platform is closed. */
export async function summarizeHealth(
  services: ReadonlyMap<ServiceName, Fetch>,
  closedFor: string | null,
): Promise<PlatformHealth> {
  const answers = await Promise.all(
    [...services].map(async ([service, fetch]) => [service, await readinessOf(service, fetch)] as const),
  );
  const ready = answers.every(([, answer]) => answer['status'] === 'ready');
  return { status: closedFor ?? (ready ? 'healthy' : 'unavailable'), services: Object.fromEntries(answers) };
}

async function readinessOf(service: string, fetch: Fetch): Promise<Record<string, string>> {
  const asked = Promise.resolve(fetch(new Request(`http://${service}/health/ready`)))
    .then((response) => response.json())
    .then((body) => readinessSchema.parse(body));
  const answered = new AbortController();
  const late = pause(answerMs, answered.signal).then(() => ({ status: 'unavailable' }));
  return Promise.race([asked, late])
    .catch(() => ({ status: 'unavailable' }))
    .finally(() => answered.abort());
}
