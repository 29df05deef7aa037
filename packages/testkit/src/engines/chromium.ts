/** Where Chromium comes from: the system's packages, or a file that CHROMIUM names; and how a test starts it. */
import type { Engine } from './engine.ts';

export const chromium: Engine = {
  command: 'chromium',
  variable: 'CHROMIUM',
  versionArguments: ['--version'],
  versionPattern: /\b(?:Chromium|Google Chrome)[^\d]* (\d+\.\d+\.\d+)/,
  // Reads streams of text and the colour mixing of the pages.
  atLeast: '120.0.0',
  advice:
    'install it ("apt-get install chromium", "brew install chromium") or name a Chromium or Chrome in CHROMIUM',
};

/** Without a screen, and without the calls to its maker's servers that it makes on its own. */
export const chromiumFlags: readonly string[] = [
  '--headless',
  // Tests run as root in containers, where Chromium refuses to start with its sandbox; it loads our own pages only.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
