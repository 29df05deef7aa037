/** `main.ts sql` and `main.ts redis`: a prompt on what this pod's own settings lead to. */
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { runSqlPrompt } from '@evently/kit/sql-prompt';
import { runRedisPrompt } from '@evently/redis/redis-prompt';
import { orNone, readMigrateConfig } from './config.ts';
import type { Environment, PodPlan } from './plan.ts';
import { podSettings } from './settings.ts';

const terminal = {
  input: process.stdin,
  output: process.stdout,
  complain: (sentence: string): void => void process.stderr.write(`${sentence}\n`),
};

/** Runs inside the pod, so that neither the address nor the password leaves it. Answers the status to exit with. */
export function promptForSql<C>(plan: PodPlan<C>, env: Environment): Promise<number> {
  const { url, caFile } = readMigrateConfig(plan, env);
  return runSqlPrompt({ ...terminal, url, caFile, isInteractive: process.stdin.isTTY });
}

export function promptForRedis<C>(plan: PodPlan<C>, env: Environment): Promise<number> {
  const { REDIS_URL, REDIS_CA_FILE } = podSettings;
  const settings = readSettings({ REDIS_URL, REDIS_CA_FILE }, env);
  return runRedisPrompt({
    ...terminal,
    url: settings.REDIS_URL,
    caFile: orNone(settings.REDIS_CA_FILE),
    log: createLogger(`${plan.name}-prompt`, 'silent'),
    isInteractive: process.stdin.isTTY,
  });
}
