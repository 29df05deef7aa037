/** Where k6 comes from: the load generator that runs the scripts of `load/`. */
import type { Engine } from './engine.ts';
import { installWithGo } from './go-install.ts';

// renovate: datasource=go depName=go.k6.io/k6
const version = '1.8.1';

/** Version 1.0 and later run TypeScript as it is. */
export const k6: Engine = {
  command: 'k6',
  variable: 'K6',
  versionArguments: ['version'],
  versionPattern: /k6(?:\.exe)? v(\d+\.\d+\.\d+)/,
  atLeast: '1.0.0',
  advice:
    'install k6 (https://grafana.com/docs/k6), name it in K6, or install Go, with which "make test-engines" makes it',
  made: { version, make: installWithGo('go.k6.io/k6', version) },
};
