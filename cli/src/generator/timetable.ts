/** Arrivals that are to be sent once more, by when: taken out as their time comes. */

export type Timetable = {
  add: (index: number, atMs: number) => void;
  /** Everything due at `nowMs`, removed; times are rounded up to 10 ms. */
  takeDue: (nowMs: number) => readonly { index: number; atMs: number }[];
};

const slotMs = 10;

/** Slots of 10 ms instead of a sorted list: as many slots as the longest wait has, whatever the herd's size. */
export function createTimetable(): Timetable {
  const slots = new Map<number, number[]>();
  let nextMs = Number.POSITIVE_INFINITY;
  return {
    add: (index, atMs) => {
      const slot = Math.ceil(atMs / slotMs);
      const waiting = slots.get(slot);
      if (waiting === undefined) slots.set(slot, [index]);
      else waiting.push(index);
      nextMs = Math.min(nextMs, slot * slotMs);
    },
    takeDue: (nowMs) => {
      if (nowMs < nextMs) return [];
      const due: { index: number; atMs: number }[] = [];
      for (const slot of [...slots.keys()].toSorted((a, b) => a - b)) {
        if (slot * slotMs > nowMs) break;
        for (const index of slots.get(slot) ?? []) due.push({ index, atMs: slot * slotMs });
        slots.delete(slot);
      }
      nextMs = slots.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...slots.keys()) * slotMs;
      return due;
    },
  };
}
