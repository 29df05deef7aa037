/** `make stop`: ends the platform of the data folder and waits until it is gone. */
import { realpath } from 'node:fs/promises';
import { monotonicMs, pause } from '@evently/kit/clock';
import { StandaloneFailure } from './failure.ts';
import { holderOf } from './folder/lock.ts';

const longestMs = 70_000;
const pollMs = 50;

/** Sends SIGTERM to the platform that holds `named` and resolves, with what to tell, when it has let go. */
export async function stopPlatform(named: string): Promise<string> {
  const folder = await realpath(named).catch(() => null);
  const holder = folder === null ? null : await holderOf(folder);
  if (folder === null || holder === null) return `Evently does not run on ${named}.`;
  if (holder.pid <= 1) {
    throw new StandaloneFailure(`What holds ${folder} does not say its process id; end it by hand.`);
  }
  process.kill(holder.pid, 'SIGTERM');
  const deadline = monotonicMs() + longestMs;
  while ((await holderOf(folder)) !== null) {
    if (monotonicMs() > deadline) {
      throw new StandaloneFailure(
        `Process ${holder.pid} has not ended in ${longestMs / 1000} s; end it by hand. What was committed is safe.`,
      );
    }
    await pause(pollMs);
  }
  return `Evently (process ${holder.pid}) has stopped.`;
}
