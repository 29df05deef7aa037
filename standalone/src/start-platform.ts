/** Runs the platform in a terminal: starts, seeds, says where everything is, and stops on a signal. */
import { monotonicMs, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { closeOnSignal } from '@evently/kit/serve';
import { seedDemonstration } from './seed-demonstration.ts';
import { createStandalone, type Standalone } from './standalone.ts';
import { describeDatabaseEvent, summarize } from './summary.ts';
import type { Terminal } from './terminal.ts';

const longestCloseMs = 60_000;

/** Resolves when the platform runs; a signal ends it and then the process. Throws like `createStandalone`. */
export async function startPlatform(terminal: Terminal): Promise<void> {
  const startedMs = monotonicMs();
  terminal.say('Evently is starting...');
  const starting = createStandalone({
    env: terminal.env,
    onDatabase: (event) => terminal.complain(describeDatabaseEvent(event)),
  });
  const close = (): Promise<void> => closeInTime(starting, terminal);
  closeOnSignal({ opened: () => {}, closeAll: close }, createLogger('standalone', 'silent'));
  process.on('uncaughtException', (error: Error) => void endAfterFault(error, close, terminal));
  const standalone = await starting;
  const seeded = standalone.config.STANDALONE_SEED ? await seedDemonstration(standalone, terminal.env) : null;
  terminal.say(summarize(standalone, seeded, (monotonicMs() - startedMs) / 1000));
}

async function endAfterFault(error: Error, close: () => Promise<void>, terminal: Terminal): Promise<void> {
  terminal.complain(`Evently stops because of a fault of its own: ${error.stack ?? error.message}`);
  await close();
  process.exit(1);
}

async function closeInTime(starting: Promise<Standalone>, terminal: Terminal): Promise<void> {
  terminal.say('Evently is stopping: answering what is under way, then the database.');
  const closed = new AbortController();
  const late = pause(longestCloseMs, closed.signal).then(() => {
    if (closed.signal.aborted) return;
    terminal.complain(
      `Stopping took longer than ${longestCloseMs / 1000} s; what was committed is safe, the next start recovers.`,
    );
  });
  // A start that failed has closed what it opened and said why.
  const closing = starting.then((standalone) => standalone.close()).catch(() => {});
  await Promise.race([closing.finally(() => closed.abort()), late]);
}
