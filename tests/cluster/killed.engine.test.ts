/** A test that is killed leaves no node behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { requireNodeCluster } from '@evently/testkit/engines/node-cluster';
import { buildNodeImages } from '@evently/testkit/engines/node-images';

const bridge = '/sys/class/net/kube0';
const goneMs = 90_000;

/** Command lines of this machine that name the folder. */
async function commandsNaming(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(folder));
}

test('a node goes, with all its processes, mounts and network, when its test gets SIGKILL', async (context) => {
  const tools = await requireNodeCluster((note) => context.skip(note));
  const { archives } = await buildNodeImages(tools, []);
  const module = fileURLToPath(import.meta.resolve('@evently/testkit/engines/node-cluster'));
  const script = `import { startNodeCluster } from ${JSON.stringify(module)};
    const node = await startNodeCluster(${JSON.stringify(tools)}, { archives: ${JSON.stringify(archives)} });
    console.log(node.kubeconfig);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: path.dirname(module),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the node did not start: see above');
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  const folder = path.dirname(path.dirname(String(line)));
  expect(existsSync(bridge)).toBe(true);
  expect(await commandsNaming(folder)).not.toEqual([]);
  child.kill('SIGKILL');
  await expect.poll(() => existsSync(folder), { timeout: goneMs, interval: 250 }).toBe(false);
  await expect.poll(() => commandsNaming(folder), { timeout: 10_000, interval: 250 }).toEqual([]);
  expect(existsSync(bridge)).toBe(false);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(folder);
}, 600_000);
