/** The three commands of the terminal: start the platform until a signal ends it, stop it, reset its data. */
import { ConfigError } from '@evently/kit/config';
import { monotonicMs, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { closeOnSignal, PortUnavailable } from '@evently/kit/serve';
import { ClusterFailure } from '@evently/postgres/failure';
import { readStandaloneConfig, type Environment } from './config.ts';
import { reasonOf, StandaloneFailure } from './failure.ts';
import { resetFolder } from './reset-folder.ts';
import { seedDemonstration } from './seed-demonstration.ts';
import { createStandalone, type Standalone } from './standalone.ts';
import { stopPlatform } from './stop-platform.ts';
import { describeDatabaseEvent, summarize } from './summary.ts';

export type Terminal = {
  env: Environment;
  say: (text: string) => void;
  complain: (text: string) => void;
};

const longestCloseMs = 60_000;

/** Runs `start`, `stop` or `reset`; what goes wrong is a sentence on the terminal and exit code 1. */
export async function runCommand(command: string, terminal: Terminal): Promise<void> {
  try {
    await run(command, terminal);
  } catch (error) {
    terminal.complain(sentenceOf(error));
    process.exit(1);
  }
}

async function run(command: string, terminal: Terminal): Promise<void> {
  switch (command) {
    case 'start':
      return startPlatform(terminal);
    case 'stop':
      return terminal.say(await stopPlatform(readStandaloneConfig(terminal.env).EVENTLY_DATA_DIR));
    case 'reset':
      return terminal.say(await resetFolder(readStandaloneConfig(terminal.env).EVENTLY_DATA_DIR));
    default:
      throw new StandaloneFailure(`"${command}" is no command of the platform: use start, stop or reset.`);
  }
}

/** Resolves when the platform runs; a signal ends it and then the process. */
async function startPlatform(terminal: Terminal): Promise<void> {
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

/** What is wrong, for the person at the terminal; only a fault of our own shows where it happened. */
function sentenceOf(error: unknown): string {
  const expected =
    error instanceof ConfigError ||
    error instanceof PortUnavailable ||
    error instanceof ClusterFailure ||
    error instanceof StandaloneFailure;
  if (expected) return error.message;
  const where = error instanceof Error ? (error.stack ?? error.message) : reasonOf(error);
  return `Evently could not do that because of a fault of its own: ${where}`;
}
