/** Where actionlint comes from: it checks the workflows of GitHub Actions, expressions and contexts included. */
import type { Engine } from './engine.ts';
import { installWithGo } from './go-install.ts';

// renovate: datasource=go depName=github.com/rhysd/actionlint
const version = '1.7.12';

export const actionlint: Engine = {
  command: 'actionlint',
  variable: 'ACTIONLINT',
  versionArguments: ['-version'],
  versionPattern: /^v?(\d+\.\d+\.\d+)/,
  atLeast: '1.7.7',
  advice:
    'install it (https://github.com/rhysd/actionlint), name it in ACTIONLINT, or install Go, with which "make test-engines" makes it',
  made: { version, make: installWithGo('github.com/rhysd/actionlint/cmd/actionlint', version) },
};
