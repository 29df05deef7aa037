import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import type { LeaderOrders } from '../../test/leader-process.ts';

let plane: ControlPlane | null = null;
let namespaces = 0;
const leaders: Leader[] = [];
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  plane ??= await startControlPlane({ fakeNodes: 1 });
});
afterEach(async () => {
  await Promise.all(leaders.splice(0).map((leader) => leader.kill()));
});
afterAll(() => plane?.stop());

function started(): ControlPlane {
  if (plane === null) throw new Error('no control plane');
  return plane;
}

async function newNamespace(): Promise<string> {
  const name = `election-${(namespaces += 1)}`;
  await started().kubectl(['create', 'namespace', name]);
  return name;
}

const program = fileURLToPath(new URL('../../test/leader-process.ts', import.meta.url));
const timing = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 400 };
const deadlineMs = 60_000;
const nsPerMs = 1_000_000;

type Said = { what: string; atMs: number; epoch?: number; message?: string; held?: boolean };
type Leader = {
  child: ChildProcess;
  said: Said[];
  /** The first line of that kind. */
  until: (what: string) => Promise<Said>;
  ended: Promise<{ code: number | null; signal: string | null; atMs: number }>;
  complaints: () => string;
  kill: () => Promise<unknown>;
};

function nowMs(): number {
  return Number(process.hrtime.bigint()) / nsPerMs;
}

function startLeader(namespace: string, name: string, orders: Partial<LeaderOrders> = {}): Leader {
  const all: LeaderOrders = {
    kubeconfig: started().kubeconfig,
    namespace,
    name,
    timing,
    elector: 'thread',
    asserts: true,
    busyMs: 0,
    staysOnLoss: false,
    ...orders,
  };
  const child = spawn(process.execPath, [program, JSON.stringify(all)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Said[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)));
  const ended = new Promise<Awaited<Leader['ended']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, atMs: nowMs() }));
    child.once('error', (error) => {
      complaints += String(error);
      resolve({ code: null, signal: null, atMs: nowMs() });
    });
  });
  const leader: Leader = {
    child,
    said,
    until: async (what) => {
      await expect
        .poll(() => said.some((one) => one.what === what) || (complaints !== '' && complaints), {
          timeout: deadlineMs,
        })
        .toBe(true);
      return said.find((one) => one.what === what) ?? { what, atMs: Number.NaN };
    },
    ended,
    complaints: () => complaints,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
  leaders.push(leader);
  return leader;
}

async function written(namespace: string): Promise<{ writer: string; number: string; epoch: string }> {
  const text = await started().kubectl([
    'get',
    'configmap',
    'written',
    '-n',
    namespace,
    '-o',
    'jsonpath={.data}',
  ]);
  return JSON.parse(text);
}

async function leaseOf(namespace: string): Promise<Record<string, unknown>> {
  return JSON.parse(
    await started().kubectl(['get', 'lease', 'leader', '-n', namespace, '-o', 'jsonpath={.spec}']),
  );
}

test('of two candidates one leads; killed, it is followed, with one transition more', async () => {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one');
  const { epoch } = await one.until('leads');
  const two = startLeader(namespace, 'two');
  await two.until('started');
  expect(epoch).toBe(0);
  const lease = await leaseOf(namespace);
  expect(String(lease['holderIdentity'])).toMatch(/^one_/);
  expect(lease['renewTime']).toMatch(/\.\d{6}Z$/);
  expect(two.said.some((said) => said.what === 'leads')).toBe(false);
  const killedAtMs = nowMs();
  await one.kill();
  const follows = await two.until('leads');
  process.stdout.write(
    `failover after SIGKILL: ${Math.round(follows.atMs - killedAtMs)} ms with a lease of 3 s\n`,
  );
  expect(follows.epoch).toBe(1);
});

test('with the default times a killed leader is followed within 20 s', async () => {
  const namespace = await newNamespace();
  const defaults = { timing: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 } };
  const one = startLeader(namespace, 'one', defaults);
  await one.until('leads');
  const two = startLeader(namespace, 'two', defaults);
  await two.until('started');
  // It must have seen a record of the living leader, as a standby has.
  await expect
    .poll(async () => String((await leaseOf(namespace))['renewTime']), { timeout: deadlineMs })
    .toMatch(/Z$/);
  const killedAtMs = nowMs();
  await one.kill();
  const { atMs } = await two.until('leads');
  process.stdout.write(`failover after SIGKILL: ${Math.round(atMs - killedAtMs)} ms with a lease of 15 s\n`);
  expect(atMs - killedAtMs).toBeLessThan(20_000);
});

test('a leader that ends cleanly hands over at once', async () => {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one');
  await one.until('wrote');
  const two = startLeader(namespace, 'two');
  await two.until('started');
  await expect.poll(() => leaseOf(namespace), { timeout: deadlineMs }).toMatchObject({ leaseTransitions: 0 });
  one.child.kill('SIGTERM');
  expect(await one.ended).toMatchObject({ code: 0 });
  const { atMs } = await one.until('released');
  const follows = await two.until('leads');
  process.stdout.write(`handover: ${Math.round(follows.atMs - atMs)} ms\n`);
  expect(follows.epoch).toBe(1);
});

test('a main thread that is busy for longer than the lease keeps it, by its thread', async () => {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one', { busyMs: 5_000 });
  await one.until('leads');
  const two = startLeader(namespace, 'two');
  expect(await one.until('was busy')).toMatchObject({ held: true });
  await one.until('wrote');
  expect(two.said.some((said) => said.what === 'leads')).toBe(false);
});

test('without the thread the same busy loop loses the lease', async () => {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one', { busyMs: 5_000, elector: 'main' });
  await one.until('leads');
  const two = startLeader(namespace, 'two');
  await two.until('leads');
  expect(await one.ended).toMatchObject({ code: 3 });
});

/** Freezes a leader until another one leads, lets it go on, and answers what is written last once it has ended. */
async function freezeLeader(orders: Partial<LeaderOrders>): Promise<{ one: Leader; writer: string }> {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one', orders);
  await one.until('wrote');
  const two = startLeader(namespace, 'two');
  await two.until('started');
  one.child.kill('SIGSTOP');
  await two.until('wrote');
  await two.kill();
  one.child.kill('SIGCONT');
  await one.ended;
  return { one, writer: (await written(namespace)).writer };
}

test('a leader frozen past its lease writes nothing when it goes on, and ends non-zero', async () => {
  const { one, writer } = await freezeLeader({});
  expect(writer).toBe('two');
  expect(await one.ended).toMatchObject({ code: 3 });
});

test('without the assertion the frozen leader writes over its successor', async () => {
  const { one, writer } = await freezeLeader({ asserts: false, staysOnLoss: true });
  expect(writer).toBe('one');
  // It stayed; so its thread killed it.
  expect(await one.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(one.complaints()).toContain('it is killed');
});

test('a lease that somebody deletes is made again by its leader; one that comes back with another holder ends it', async () => {
  const namespace = await newNamespace();
  const one = startLeader(namespace, 'one');
  await one.until('wrote');
  await started().kubectl(['delete', 'lease', 'leader', '-n', namespace]);
  await expect
    .poll(() => leaseOf(namespace).catch(() => null), { timeout: deadlineMs })
    .toMatchObject({ holderIdentity: expect.stringMatching(/^one_/), leaseTransitions: 0 });
  const patch = JSON.stringify({ spec: { holderIdentity: 'usurper' } });
  await started().kubectl(['patch', 'lease', 'leader', '-n', namespace, '--type=merge', '-p', patch]);
  expect((await one.until('lost')).message).toContain('usurper holds the lease now');
  expect(await one.ended).toMatchObject({ code: 3 });
  expect(await leaseOf(namespace)).toMatchObject({ holderIdentity: 'usurper' });
});
