/** What the benchmark's own server processes share: tokens of the platform, ports, metrics, an orderly end. */
import { createKeySource, createTokenVerifier, type TokenVerifier } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { listenerOfService } from '@evently/kit/direct';
import type { Logger } from '@evently/kit/log';
import { metricsHandler } from '@evently/kit/metrics';
import type { PlatformConfig } from '@evently/kit/platform';
import { closeOnSignal, createLifecycle, listen, listenerOfFetch } from '@evently/kit/serve';
import type { Service } from '@evently/kit/serve';
import type { Registry } from 'prom-client';

const fetchDeadlineMs = 5_000;
const host = '127.0.0.1';

/** A verifier of buyers' tokens whose keys are fetched from the user service, as in a pod. */
export async function createVerifier(
  userUrl: string,
  platform: PlatformConfig,
  log: Logger,
): Promise<TokenVerifier> {
  const nowMs = (): number => systemClock.now().getTime();
  const keys = createKeySource(
    async () => {
      const answer = await fetch(`${userUrl}/.well-known/jwks.json`, {
        signal: AbortSignal.timeout(fetchDeadlineMs),
      });
      return answer.json();
    },
    nowMs,
    log,
  );
  await keys.refresh();
  const issuer = platform.EVENTLY_USER_ISSUER;
  const audience = platform.EVENTLY_TOKEN_AUDIENCE;
  return createTokenVerifier([{ issuer, audience, role: 'user', keys }], nowMs);
}

export type ProcessParts = {
  service: Pick<Service, 'app' | 'direct'>;
  registry: Registry;
  log: Logger;
  /** Ends what the app uses, after the last answer. */
  close: () => Promise<void>;
};

/** Listens on free ports of this machine, prints them as one line of JSON, and closes on a signal. */
export async function serveProcess({ service, registry, log, close }: ProcessParts): Promise<void> {
  const life = createLifecycle(log);
  life.opened('parts', close);
  const metrics = await listen('metrics', host, 0, listenerOfFetch(metricsHandler(registry)));
  life.opened('metrics', metrics.close);
  const port = await listen('requests', host, 0, listenerOfService(service));
  life.opened('port', port.close);
  closeOnSignal(life, log);
  console.log(JSON.stringify({ port: port.port, metrics_port: metrics.port }));
}
