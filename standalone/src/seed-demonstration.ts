/** Puts the demonstration on a platform that has just started, through its own interface. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { projectRoot, type Environment } from './config.ts';
import type { Standalone } from './standalone.ts';

export type Seeded = { ok: boolean; said: string };

const seedMs = 60_000;
const maxSaid = 2_000;

/** Runs `evently seed` in a process of its own; a failure is told and stops nothing. */
export function seedDemonstration(standalone: Standalone, env: Environment): Promise<Seeded> {
  const command = path.join(projectRoot, 'cli', 'src', 'main.ts');
  const child = spawn(process.execPath, [command, 'seed', '--url', standalone.runtime.gateway.url], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seedMs,
    env: { ...env, EVENTLY_DATA_DIR: standalone.folder, NO_COLOR: '1' },
  });
  let said = '';
  const collect = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-maxSaid);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, said: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, said: said.trim().split('\n').at(-1) ?? '' }));
  });
}
