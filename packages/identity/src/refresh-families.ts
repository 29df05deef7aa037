/** Refresh tokens: opaque, single use, in families that end when one is used twice. */
import { createHash, randomBytes } from 'node:crypto';
import { startTicker, type Clock, type Ticker } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import type { Database, Sql } from '@evently/kit/postgres';
import { decideRotation } from './domain/refresh-rotation.ts';
import type { Seal } from './seal.ts';
import type { IdentityConfig } from './settings.ts';
import {
  deleteExpiredFamilies,
  extendFamily,
  insertFamily,
  insertToken,
  lockFamilyOfToken,
  markTokenRotated,
  readToken,
  revokeFamiliesOfSubject,
  revokeFamily,
  type RevokedReason,
} from './store/refresh-families.ts';

export type RefreshOutcome =
  | { ok: true; subjectId: string; refreshToken: string }
  | { ok: false; refusal: { kind: 'invalid-refresh-token' } };

export type RefreshFamilies = {
  /** A new family's first token (43 characters), in the caller's transaction. */
  begin: (client: Sql, subjectId: string) => Promise<string>;
  /**
   * Exchanges a token, in a transaction of its own that locks the family. Used before: the family ends;
   * but the direct parent of the newest token, within 10 s, gets the same successor text again.
   */
  rotate: (token: string) => Promise<RefreshOutcome>;
  /** Ends the token's family; an unknown token changes nothing. */
  revoke: (token: string) => Promise<void>;
  /** Ends every family of the subject, in the caller's transaction. */
  revokeAll: (client: Sql, subjectId: string, reason: RevokedReason) => Promise<void>;
  /** Deletes families that ran out more than a day ago, at most 10,000 a call. */
  prune: () => Promise<void>;
  start: () => void;
  stop: () => Promise<void>;
};

export type RefreshFamiliesDeps = {
  db: Database;
  log: Logger;
  clock: Clock;
  config: Pick<IdentityConfig, 'IDENTITY_REFRESH_TOKEN_SECONDS'>;
  seal: Seal;
};

const tokenBytes = 32;
const tokenForm = /^[\w-]{43}$/;
const pruneEveryMs = 3_600_000;
const pruneBatch = 500;
const maxPruneBatches = 20;
const refused: RefreshOutcome = { ok: false, refusal: { kind: 'invalid-refresh-token' } };

export function createRefreshFamilies(deps: RefreshFamiliesDeps): RefreshFamilies {
  const lifeSeconds = deps.config.IDENTITY_REFRESH_TOKEN_SECONDS;
  let ticker: Ticker | null = null;

  async function begin(client: Sql, subjectId: string): Promise<string> {
    const token = randomBytes(tokenBytes).toString('base64url');
    const familyId = newId(deps.clock.now().getTime());
    await insertFamily(client, familyId, subjectId, lifeSeconds);
    await insertToken(client, hashOf(token), familyId, lifeSeconds);
    return token;
  }

  async function exchange(client: Sql, token: string): Promise<RefreshOutcome> {
    const tokenHash = hashOf(token);
    const family = await lockFamilyOfToken(client, tokenHash);
    if (family === null) return refused;
    const refreshToken = deps.seal.successor(token);
    const successorHash = hashOf(refreshToken);
    const state = await readToken(client, tokenHash);
    const decision = decideRotation(family.revoked, state, await readToken(client, successorHash));
    switch (decision) {
      case 'invalid':
        return refused;
      case 'reuse':
        await revokeFamily(client, family.familyId, 'reuse');
        deps.log.warn(
          { family_id: family.familyId, subject_id: family.subjectId },
          'a refresh token was used again; its family ended',
        );
        return refused;
      case 'rotate':
        await markTokenRotated(client, tokenHash);
        await insertToken(client, successorHash, family.familyId, lifeSeconds);
        await extendFamily(client, family.familyId, lifeSeconds);
        break;
      case 'same-successor':
        break;
    }
    return { ok: true, subjectId: family.subjectId, refreshToken };
  }

  async function revoke(token: string): Promise<void> {
    if (!tokenForm.test(token)) return;
    await deps.db.transaction(async (client) => {
      const family = await lockFamilyOfToken(client, hashOf(token));
      if (family !== null) await revokeFamily(client, family.familyId, 'logout');
    });
  }

  return {
    begin,
    rotate: async (token) =>
      tokenForm.test(token) ? deps.db.transaction((client) => exchange(client, token)) : refused,
    revoke,
    revokeAll: revokeFamiliesOfSubject,
    prune: () => pruneFamilies(deps.db),
    start: () => {
      ticker ??= startTicker(pruneEveryMs, () =>
        pruneFamilies(deps.db).catch((error: unknown) =>
          deps.log.warn(
            { err: String(error) },
            'expired refresh families were not deleted; the next hour tries again',
          ),
        ),
      );
    },
    stop: async () => {
      await ticker?.stop();
      ticker = null;
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

async function pruneFamilies(db: Sql): Promise<void> {
  for (let batch = 0; batch < maxPruneBatches; batch += 1) {
    if ((await deleteExpiredFamilies(db, pruneBatch)) < pruneBatch) return;
  }
}
