#!/usr/bin/env node
// Runs under any Node 20 or later and hands over to the Node that the project pins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const node = fileURLToPath(new URL('node_modules/node/bin/node', root));
const main = fileURLToPath(new URL('cli/src/main.ts', root));

if (!existsSync(node)) {
  console.error(
    `The Node that Evently runs on is not installed in ${fileURLToPath(root)}; run "make install" there.`,
  );
  process.exit(1);
}
const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal sends Ctrl-C to the child as well; this process waits for it to finish.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
  console.error(`${node} could not be started: ${error.message}. Run "make install" again.`);
  process.exit(1);
});
child.on('close', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
