/** Runs the platform in a terminal: starts, seeds, says where everything is, and stops on a signal. */
import { ConfigError } from '@evently/kit/config';
import { monotonicMs, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { closeOnSignal, PortUnavailable } from '@evently/kit/serve';
import { ClusterFailure } from '@evently/postgres/failure';
import type { Environment } from './config.ts';
import { reasonOf, StandaloneFailure } from './failure.ts';
import { seedDemonstration } from './seed-demonstration.ts';
import { createStandalone, type Standalone } from './standalone.ts';
import { describeDatabaseEvent, summarize } from './summary.ts';

const longestCloseMs = 60_000;

/** Resolves when the platform runs; the process ends by a signal, or with 1 when it cannot start. */
export async function runStandalone(env: Environment): Promise<void> {
  const startedMs = monotonicMs();
  console.log('Evently is starting...');
  const starting = createStandalone({
    env,
    onDatabase: (event) => console.error(describeDatabaseEvent(event)),
  });
  closeOnSignal(
    { opened: () => {}, closeAll: () => closeWithin(starting) },
    createLogger('standalone', 'silent'),
  );
  process.on('uncaughtException', (error) => {
    console.error(`Evently stops because of a fault of its own: ${error.stack ?? error.message}`);
    void closeWithin(starting).then(() => process.exit(1));
  });
  try {
    const standalone = await starting;
    const seeded = standalone.config.STANDALONE_SEED ? await seedDemonstration(standalone, env) : null;
    console.log(summarize(standalone, seeded, (monotonicMs() - startedMs) / 1000));
  } catch (error) {
    console.error(sentenceOf(error));
    process.exit(1);
  }
}

async function closeWithin(starting: Promise<Standalone>): Promise<void> {
  console.log('Evently is stopping: answering what is under way, then the database.');
  const late = pause(longestCloseMs).then(() => {
    console.error(
      `Stopping took longer than ${longestCloseMs / 1000} s; what was committed is safe, the next start recovers.`,
    );
  });
  // A start that failed has closed what it opened and said why.
  const closed = starting.then((standalone) => standalone.close()).catch(() => {});
  await Promise.race([closed, late]);
}

/** What is wrong, for the person at the terminal; only a fault of our own shows where it happened. */
function sentenceOf(error: unknown): string {
  const expected =
    error instanceof ConfigError ||
    error instanceof PortUnavailable ||
    error instanceof ClusterFailure ||
    error instanceof StandaloneFailure;
  if (expected) return error.message;
  return `Evently could not start because of a fault of its own: ${error instanceof Error ? (error.stack ?? error.message) : reasonOf(error)}`;
}
