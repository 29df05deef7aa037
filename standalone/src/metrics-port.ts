/** What answers on the port of the metrics: this machine, or whom STANDALONE_METRICS lets see them. */
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { metricsHandler } from '@evently/kit/metrics';
import { listenerOf, type Listener } from '@evently/kit/serve';
import { refuseStranger, type MetricsAccess, type Shown } from './access.ts';

export type MetricsPort = {
  listener: Listener;
  /** From now on tokens are believed as `verifier` says; until then who sends one is told to come again. */
  trust: (verifier: TokenVerifier) => void;
};

const metrics: Shown = { title: 'The metrics are shown', port: 9464, setting: 'STANDALONE_METRICS' };

/** Metrics of a platform that only starts are worth as much, so this machine sees them from the beginning. */
export function createMetricsPort(registry: Registry, access: MetricsAccess): MetricsPort {
  const known: { verifier: TokenVerifier | null } = { verifier: null };
  const answer = metricsHandler(registry);
  const app = new Hono<ServiceEnv>();
  app.all('*', async (c) => {
    if (access === 'everyone') return answer(c.req.raw);
    c.set('requestId', newId(systemClock.now().getTime()));
    const problem = await refuseStranger(c, metrics, known.verifier);
    return problem === null ? answer(c.req.raw) : refuse(c, problem);
  });
  return {
    listener: listenerOf((request, env) => app.fetch(request, env)),
    trust: (verifier) => {
      known.verifier = verifier;
    },
  };
}
