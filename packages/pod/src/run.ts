/** The commands of a service's main.ts: serve (none given), migrate, config, and prompts for people. */
import { ConfigError } from '@evently/kit/config';
import { PortUnavailable } from '@evently/kit/serve';
import { readPodConfig, tabulateSettings } from './config.ts';
import { PodFailure } from './failure.ts';
import { migratePod } from './migrate.ts';
import type { Environment, PodPlan } from './plan.ts';
import { promptForRedis, promptForSql } from './prompts.ts';
import { servePod } from './serve.ts';

const usage =
  'Nothing after main.ts serves; "migrate" brings the database to the newest schema; "config" lists the settings; "sql" and "redis" are prompts.';

/** What goes wrong is one sentence on the error output and exit code 1; only a fault of our own shows a stack. */
export async function runPod<C>(plan: PodPlan<C>, args: readonly string[], env: Environment): Promise<void> {
  process.on('uncaughtException', (error: Error) => endWith(plan.name, error));
  try {
    await run(plan, args, env);
  } catch (error) {
    endWith(plan.name, error);
  }
}

async function run<C>(plan: PodPlan<C>, args: readonly string[], env: Environment): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const [command = 'serve', ...others] = args;
  if (others.length > 0) throw new PodFailure(`"${others.join(' ')}" is too much. ${usage}`);
  switch (command) {
    case 'serve':
      return servePod(plan, readPodConfig(plan, env));
    case 'migrate':
      return migratePod(plan, env, say);
    case 'config':
      return say(tabulateSettings(plan, env));
    case 'sql':
      return void (process.exitCode = await promptForSql(plan, env));
    case 'redis':
      return void (process.exitCode = await promptForRedis(plan, env));
    default:
      throw new PodFailure(`"${command}" is no command of the ${plan.name} pod. ${usage}`);
  }
}

function endWith(name: string, error: unknown): void {
  const isExpected =
    error instanceof ConfigError || error instanceof PortUnavailable || error instanceof PodFailure;
  const text =
    error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(
    isExpected ? `${text}\n` : `The ${name} pod ends because of a fault of its own: ${text}\n`,
  );
  process.exit(1);
}
