/** What a command of the terminal is given: the environment, and where to speak. */
import type { Environment } from './config.ts';

export type Terminal = {
  env: Environment;
  say: (text: string) => void;
  complain: (text: string) => void;
};
