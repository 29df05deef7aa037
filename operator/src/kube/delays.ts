/** Keys that are due later, all of them with one timer. */
import { maxTimerMs, type Time } from './time.ts';

export type Delays = { add: (key: string, delayMs: number) => void; clear: () => void };

/** Calls `due` for each key at the earliest of its times; a delay above 24.8 days is shortened to that. */
export function createDelays(time: Time, due: (key: string) => void): Delays {
  const dueAtMs = new Map<string, number>();
  let alarm: { atMs: number; cancel: AbortController } | null = null;

  function arm(): void {
    const earliest = [...dueAtMs.values()].reduce((least, atMs) => Math.min(least, atMs), Infinity);
    if (alarm !== null && alarm.atMs <= earliest) return;
    alarm?.cancel.abort();
    alarm = null;
    if (earliest === Infinity) return;
    const mine = { atMs: earliest, cancel: new AbortController() };
    alarm = mine;
    const waitMs = Math.min(Math.max(0, Math.ceil(earliest - time.nowMs())), maxTimerMs);
    void time.pause(waitMs, mine.cancel.signal).then(() => {
      if (alarm === mine) ring();
    });
  }
  function ring(): void {
    alarm = null;
    const nowMs = time.nowMs();
    for (const [key, atMs] of dueAtMs) {
      if (atMs > nowMs) continue;
      dueAtMs.delete(key);
      due(key);
    }
    arm();
  }
  return {
    add: (key, delayMs) => {
      const atMs = time.nowMs() + Math.min(delayMs, maxTimerMs);
      if (atMs >= (dueAtMs.get(key) ?? Infinity)) return;
      dueAtMs.set(key, atMs);
      if (alarm === null || atMs < alarm.atMs) arm();
    },
    clear: () => {
      dueAtMs.clear();
      alarm?.cancel.abort();
      alarm = null;
    },
  };
}
