/** `make stop`: ends the platform of the data folder and waits until it is gone. */
import { realpath } from 'node:fs/promises';
import { monotonicMs, pause } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import { readStandaloneConfig } from './config.ts';
import { reasonOf, StandaloneFailure } from './failure.ts';
import { holderOf } from './folder/lock.ts';

const longestMs = 70_000;
const pollMs = 50;

async function stop(): Promise<string> {
  const { EVENTLY_DATA_DIR: named } = readStandaloneConfig(process.env);
  const folder = await realpath(named).catch(() => null);
  const holder = folder === null ? null : await holderOf(folder);
  if (folder === null || holder === null) return `Evently does not run on ${named}.`;
  if (holder.pid <= 1)
    throw new StandaloneFailure(`What holds ${folder} does not say its process id; end it by hand.`);
  process.kill(holder.pid, 'SIGTERM');
  const deadline = monotonicMs() + longestMs;
  while ((await holderOf(folder)) !== null) {
    if (monotonicMs() > deadline) {
      throw new StandaloneFailure(
        `Process ${holder.pid} has not ended in ${longestMs / 1000} s; end it by hand.`,
      );
    }
    await pause(pollMs);
  }
  return `Evently (process ${holder.pid}) has stopped.`;
}

try {
  console.log(await stop());
} catch (error) {
  const expected = error instanceof StandaloneFailure || error instanceof ConfigError;
  console.error(expected ? error.message : `Evently could not be stopped (${reasonOf(error)}).`);
  process.exitCode = 1;
}
