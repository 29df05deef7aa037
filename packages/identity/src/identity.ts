/** Everything an issuer of tokens needs, wired from its database and settings. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { createPasswords, type Passwords } from './passwords.ts';
import { createRefreshFamilies, type RefreshFamilies } from './refresh-families.ts';
import { createSeal, type Seal } from './seal.ts';
import type { IdentityConfig } from './settings.ts';
import { createSigningKeys, type SigningKeys } from './signing-keys.ts';

export type IdentityDeps = {
  db: Database;
  log: Logger;
  clock: Clock;
  config: IdentityConfig;
  /** `iss` of the access tokens. */
  issuer: string;
  /** `aud` of the access tokens. */
  audience: string;
};

export type Identity = {
  passwords: Passwords;
  signingKeys: SigningKeys;
  refreshFamilies: RefreshFamilies;
  seal: Seal;
  /** Loads or makes the keys and begins rotating and pruning; a database that is away is waited for, not an error. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Builds the parts; nothing runs and nothing is read before `start` or the first call. */
export function createIdentity(deps: IdentityDeps): Identity {
  const seal = createSeal(deps.config.IDENTITY_SECRET);
  const passwords = createPasswords(deps.config);
  const signingKeys = createSigningKeys({ ...deps, seal });
  const refreshFamilies = createRefreshFamilies({ ...deps, seal });
  return {
    passwords,
    signingKeys,
    refreshFamilies,
    seal,
    start: async () => {
      await signingKeys.start();
      refreshFamilies.start();
    },
    stop: async () => {
      await refreshFamilies.stop();
      await signingKeys.stop();
    },
  };
}
