/** Whose tokens a pod accepts: keys of both issuers, fetched by URL, its own from its own application. */
import { createKeySource, createTokenVerifier, type KeySource, type TokenVerifier } from '@evently/kit/auth';
import { startTicker, systemClock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { PlatformConfig } from '@evently/kit/platform';
import type { ServiceName } from './settings.ts';

export const keyPath = '/.well-known/jwks.json';

/** How long an issuer has to answer with its keys. */
const fetchMs = 3_000;
/** An issuer that is away is asked so often. */
const retryMs = 2_000;

export type KeyOptions = {
  platform: PlatformConfig;
  log: Logger;
  /** The issuer itself, when this pod is one. */
  own: ServiceName;
  askOwn: (path: string) => Response | Promise<Response>;
  addressOf: (name: ServiceName) => string;
};

const nowMs = (): number => systemClock.now().getTime();

export function createPodVerifier({ platform, log, own, askOwn, addressOf }: KeyOptions): TokenVerifier {
  const keysOf = (name: ServiceName): KeySource =>
    createKeySource(
      async () => {
        const answer =
          name === own
            ? await askOwn(keyPath)
            : await fetch(`${addressOf(name)}${keyPath}`, { signal: AbortSignal.timeout(fetchMs) });
        return answer.json();
      },
      nowMs,
      log.child({ issuer: name }),
    );
  const audience = platform.EVENTLY_TOKEN_AUDIENCE;
  return createTokenVerifier(
    [
      { issuer: platform.EVENTLY_USER_ISSUER, audience, role: 'user', keys: keysOf('user') },
      { issuer: platform.EVENTLY_ADMIN_ISSUER, audience, role: 'admin', keys: keysOf('event') },
    ],
    nowMs,
  );
}

export type KeyLoading = {
  /** Resolves when every issuer has answered once. */
  complete: Promise<void>;
  stop: () => Promise<void>;
};

/** Asks every issuer until all have answered once; from then on new keys are fetched when a token names one. */
export function startKeyLoading(verifier: TokenVerifier, log: Logger): KeyLoading {
  const complete = new AbortController();
  const ticker = startTicker(retryMs, async () => {
    if (complete.signal.aborted) return;
    const loaded = await verifier.loadKeys();
    if (!loaded.every(({ keys }) => keys > 0)) return;
    log.info({ issuers: loaded.length }, "the issuers' keys are here");
    complete.abort();
  });
  return {
    complete: new Promise((resolve) => complete.signal.addEventListener('abort', () => resolve())),
    stop: ticker.stop,
  };
}
