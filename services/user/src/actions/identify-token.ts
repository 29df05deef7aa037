/** Says whose access token it is, for services that cannot verify one themselves. */
import type { TokenVerifier } from '@evently/kit/auth';
import type { Sql } from '@evently/kit/postgres';
import type { Account } from '../domain/account.ts';
import { findAccount } from '../store/users.ts';

export type IdentifyDeps = { db: Sql; verifier: TokenVerifier };

/** The live account of a valid buyer's token; null for every other text, administrators' tokens included. */
export async function identifyToken(deps: IdentifyDeps, token: string): Promise<Account | null> {
  const principal = await deps.verifier.verify(token);
  return principal === null || principal.role !== 'user' ? null : findAccount(deps.db, principal.id);
}
