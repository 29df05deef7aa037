/** What a shown refresh token earns. Pure: ages come in as seconds of the database's clock. */

export type TokenState = { expired: boolean; rotatedSecondsAgo: number | null };
export type RotationDecision = 'rotate' | 'same-successor' | 'reuse' | 'invalid';

/** A client whose answer was lost, or whose tabs race, may repeat the exchange this long. */
export const graceSeconds = 10;

/**
 * Single use with rotation (RFC 9700, 4.14.2). Only the direct parent of the newest token, within the
 * grace, gets the same successor again; anything else that was used before is theft and ends the family.
 * @param successor the state of the token this one was exchanged for, null when it was not
 */
export function decideRotation(
  familyRevoked: boolean,
  token: TokenState | null,
  successor: TokenState | null,
): RotationDecision {
  if (token === null || familyRevoked) return 'invalid';
  if (token.rotatedSecondsAgo === null) return token.expired ? 'invalid' : 'rotate';
  const isDirectParent = successor !== null && successor.rotatedSecondsAgo === null;
  return isDirectParent && token.rotatedSecondsAgo <= graceSeconds ? 'same-successor' : 'reuse';
}
