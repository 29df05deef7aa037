/** Waits for a condition, with a deadline that says what was seen last. */
import { monotonicMs, pause } from '@evently/kit/clock';

const pollMs = 250;

/** Polls until `isTrue`; rejects with what it last saw, in the words of `describe`. */
export async function waitUntil(
  what: string,
  deadlineMs: number,
  isTrue: () => Promise<boolean>,
  describe: () => Promise<string> = () => Promise.resolve(''),
): Promise<void> {
  const giveUpAt = monotonicMs() + deadlineMs;
  while (!(await isTrue())) {
    if (monotonicMs() > giveUpAt)
      throw new Error(`${what}: not after ${deadlineMs / 1_000} s. ${await describe()}`);
    await pause(pollMs);
  }
}
