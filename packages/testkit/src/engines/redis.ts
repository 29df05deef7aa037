/** Where Redis comes from: the system's packages, or a file that REDIS_SERVER names. */
import type { Engine } from './engine.ts';

export const redisServer: Engine = {
  command: 'redis-server',
  variable: 'REDIS_SERVER',
  versionArguments: ['--version'],
  versionPattern: /\bv=(\d+\.\d+\.\d+)/,
  atLeast: '6.2.0',
  advice:
    'install it ("apt-get install redis-server", "brew install redis") or name its program in REDIS_SERVER',
};
