/** When signing keys are made, take over and go. Pure: ages come in as seconds of the database's clock. */

export type KeyStatus = 'next' | 'current' | 'retired';
export type KeyAges = {
  keyId: string;
  status: KeyStatus;
  createdSecondsAgo: number;
  activatedSecondsAgo: number | null;
  retiredSecondsAgo: number | null;
};
export type RotationPeriods = { rotationSeconds: number; accessTokenSeconds: number };

export type RotationStep =
  | { kind: 'create'; status: 'next' | 'current' }
  | { kind: 'promote'; keyId: string }
  | { kind: 'remove'; keyId: string };

/** A key is published this long before it signs, so that every verifier has fetched it. */
export const publishAheadSeconds = 600;
/** A retired key stays this much longer than the tokens it signed; pods learn of a rotation within a minute. */
export const retiredMarginSeconds = 300;

/**
 * The steps due now, to be carried out in order. Without any key the first one signs at once: there is
 * no verifier yet that could know an older one.
 */
export function planRotation(keys: readonly KeyAges[], periods: RotationPeriods): RotationStep[] {
  const current = keys.find((key) => key.status === 'current');
  const next = keys.find((key) => key.status === 'next');
  const removed = keys
    .filter((key) => (key.retiredSecondsAgo ?? 0) > periods.accessTokenSeconds + retiredMarginSeconds)
    .map((key) => ({ kind: 'remove', keyId: key.keyId }) as const);
  if (current === undefined) {
    const first =
      next === undefined
        ? ({ kind: 'create', status: 'current' } as const)
        : ({ kind: 'promote', keyId: next.keyId } as const);
    return [first, ...removed];
  }
  const activeSeconds = current.activatedSecondsAgo ?? 0;
  if (next === undefined) {
    const due = activeSeconds >= periods.rotationSeconds - publishAheadSeconds;
    return due ? [{ kind: 'create', status: 'next' }, ...removed] : removed;
  }
  const ready = next.createdSecondsAgo >= publishAheadSeconds && activeSeconds >= periods.rotationSeconds;
  return ready ? [{ kind: 'promote', keyId: next.keyId }, ...removed] : removed;
}
