/** Who is short when the maximum does not suffice: pods are given by priority, the lowest last. Pure. */
import { isActive, isManaged, type Contribution } from './decide-floor.ts';
import type { FloorShare } from './floor-plan.ts';

/** Shares of the managed sales active at `atMs`; of equal priority, the earlier opening and then the older goes first. */
export function sharesAt(
  contributions: readonly Contribution[],
  atMs: number,
  maxReplicas: number,
): readonly FloorShare[] {
  const inOrder = contributions
    .filter((one) => isManaged(one) && isActive(one, atMs))
    .toSorted(
      ({ sale: a }, { sale: b }) =>
        b.priority - a.priority ||
        a.opensAtMs - b.opensAtMs ||
        a.createdAtMs - b.createdAtMs ||
        (a.uid < b.uid ? -1 : 1),
    );
  let left = maxReplicas;
  return inOrder.map(({ sale, pods }) => {
    const given = Math.min(left, pods ?? 0);
    left -= given;
    return { uid: sale.uid, name: sale.name, priority: sale.priority, needed: pods, given };
  });
}
