/** Renews a session: a refresh token for its successor and a new access token. */
import type { Identity } from '@evently/identity/identity';
import type { Refused } from '../domain/account.ts';

export type RefreshSessionOutcome =
  { ok: true; accessToken: string; refreshToken: string } | Refused<'invalid-refresh-token'>;

/** Single use; see `RefreshFamilies.rotate` for what reuse does. A lost answer can be asked for again within 10 s. */
export async function refreshSession(identity: Identity, token: string): Promise<RefreshSessionOutcome> {
  const rotated = await identity.refreshFamilies.rotate(token);
  if (!rotated.ok) return rotated;
  const accessToken = await identity.signingKeys.sign({ subject: rotated.subjectId, role: 'user' });
  return { ok: true, accessToken, refreshToken: rotated.refreshToken };
}
