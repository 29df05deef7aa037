/** The three commands of the terminal: start the platform until a signal ends it, stop it, reset its data. */
import { ConfigError } from '@evently/kit/config';
import { PortUnavailable } from '@evently/kit/serve';
import { ClusterFailure } from '@evently/postgres/failure';
import { readStandaloneConfig } from './config.ts';
import { reasonOf, StandaloneFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** Runs `start`, `stop` or `reset`; what goes wrong is a sentence on the terminal and exit code 1. */
export async function runCommand(command: string, terminal: Terminal): Promise<void> {
  try {
    await run(command, terminal);
  } catch (error) {
    terminal.complain(sentenceOf(error));
    process.exit(1);
  }
}

// Each command loads only what it needs: stopping must work when a service does not even load.
async function run(command: string, terminal: Terminal): Promise<void> {
  switch (command) {
    case 'start': {
      const { startPlatform } = await import('./start-platform.ts');
      return startPlatform(terminal);
    }
    case 'stop': {
      const { stopPlatform } = await import('./stop-platform.ts');
      return terminal.say(await stopPlatform(readStandaloneConfig(terminal.env).EVENTLY_DATA_DIR));
    }
    case 'reset': {
      const { resetFolder } = await import('./reset-folder.ts');
      return terminal.say(await resetFolder(readStandaloneConfig(terminal.env).EVENTLY_DATA_DIR));
    }
    default:
      throw new StandaloneFailure(`"${command}" is no command of the platform: use start, stop or reset.`);
  }
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
