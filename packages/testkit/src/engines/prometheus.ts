/** Where Prometheus and its promtool come from: the system's packages, or files that PROMETHEUS and PROMTOOL name. */
import type { Engine } from './engine.ts';

// Exemplars, `@` and the limits of a scrape are there since; the tests ask for nothing newer.
const atLeast = '2.42.0';
const packages = '"apt-get install prometheus", "brew install prometheus"';

export const prometheus: Engine = {
  command: 'prometheus',
  variable: 'PROMETHEUS',
  versionArguments: ['--version'],
  versionPattern: /^prometheus, version (\d+\.\d+\.\d+)/m,
  atLeast,
  advice: `install it (${packages}) or name its program in PROMETHEUS`,
};

export const promtool: Engine = {
  command: 'promtool',
  variable: 'PROMTOOL',
  versionArguments: ['--version'],
  versionPattern: /^promtool, version (\d+\.\d+\.\d+)/m,
  atLeast,
  advice: `install Prometheus, which brings it (${packages}), or name its program in PROMTOOL`,
};
