import { afterEach, expect, test, vi } from 'vitest';
import { maxTimerMs, pause, startTimeLimit } from './clock.ts';

const thirtyDaysMs = 30 * 24 * 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

test("a pause longer than Node's timers keep lasts as long as it says", async () => {
  // The control: Node turns the same number into one millisecond.
  await bareTimer(thirtyDaysMs);

  vi.useFakeTimers();
  let over = false;
  const waiting = pause(thirtyDaysMs).then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(maxTimerMs);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(thirtyDaysMs - maxTimerMs);
  await waiting;
  expect(over).toBe(true);
});

function bareTimer(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

test('a long pause ends at once when its signal aborts', async () => {
  const ending = new AbortController();
  const waiting = pause(thirtyDaysMs, ending.signal);
  ending.abort();
  await waiting;
});

test('a time limit is over when nothing touched it, and never after it was cleared', async () => {
  vi.useFakeTimers();
  let overs = 0;
  const limit = startTimeLimit(100, () => {
    overs += 1;
  });
  await vi.advanceTimersByTimeAsync(80);
  limit.touch();
  await vi.advanceTimersByTimeAsync(80);
  expect(overs).toBe(0);
  await vi.advanceTimersByTimeAsync(80);
  expect(overs).toBe(1);
  const cleared = startTimeLimit(100, () => {
    overs += 1;
  });
  cleared.clear();
  await vi.advanceTimersByTimeAsync(200);
  expect(overs).toBe(1);
});
