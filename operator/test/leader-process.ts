/** A process of its own that competes for a lease and writes while it leads, for tests that stop, freeze and kill it. */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { chance, pause, systemClock } from '@evently/kit/clock';
import type { KubeApi } from '../src/kube/api.ts';
import { openConnection, sourceOf } from '../src/kube/connection.ts';
import { createKubeApi } from '../src/kube/create-api.ts';
import { runElection } from '../src/kube/election.ts';
import { startElector } from '../src/kube/elector.ts';
import { createLeaseStore } from '../src/kube/lease-store.ts';
import type { ElectionTiming } from '../src/kube/lease.ts';
import type { Resource } from '../src/kube/resource.ts';
import { systemTime } from '../src/kube/time.ts';

/** What the process is told in its one argument, as JSON. */
export type LeaderOrders = {
  kubeconfig: string;
  namespace: string;
  name: string;
  timing: ElectionTiming;
  /** `thread` is the elector; `main` runs the same election in the main thread, for a negative control. */
  elector: 'thread' | 'main';
  /** Asserts before each write that the lease is held; off for a negative control. */
  asserts: boolean;
  /** Once it leads: keeps the main thread busy for so long, once. */
  busyMs: number;
  /** On a loss it does not end by itself. */
  staysOnLoss: boolean;
};

const configMaps: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
const writeEveryMs = 20;
const exitOnLoss = 3;

function say(what: string, more: object = {}): void {
  writeSync(1, `${JSON.stringify({ what, atMs: systemTime.nowMs(), ...more })}\n`);
}

function keepBusy(ms: number): void {
  const untilMs = systemTime.nowMs() + ms;
  while (systemTime.nowMs() < untilMs) continue;
}

/** Writes its name and a number into a ConfigMap, again and again, until it may no more. */
async function writeOn(
  api: KubeApi,
  orders: LeaderOrders,
  assertHeld: () => void,
  epoch: number,
): Promise<void> {
  const key = { namespace: orders.namespace, name: 'written' };
  for (let number = 1; ; number += 1) {
    if (orders.asserts) assertHeld();
    const body = { data: { writer: orders.name, number: String(number), epoch: String(epoch) } };
    await api.apply(configMaps, key, body, { fieldManager: 'test', force: true });
    if (number === 1) say('wrote', { epoch });
    await pause(writeEveryMs);
  }
}

async function runWithThread(orders: LeaderOrders): Promise<void> {
  const source = sourceOf(orders.kubeconfig);
  const api = createKubeApi(openConnection(source));
  const elector = startElector({
    source,
    lease: { namespace: orders.namespace, name: 'leader' },
    identity: orders.name,
    timing: orders.timing,
    log: pino({ level: 'silent' }),
  });
  process.on('SIGTERM', () => {
    void elector.release().then(() => {
      say('released');
      process.exit(0);
    });
  });
  void elector.lost.then(({ message }) => {
    say('lost', { message });
    if (!orders.staysOnLoss) process.exit(exitOnLoss);
    return undefined;
  });
  await elector.untilHeld(new AbortController().signal);
  say('leads', { epoch: elector.epochBase });
  if (orders.busyMs > 0) {
    keepBusy(orders.busyMs);
    say('was busy', { held: elector.isHeld() });
  }
  await writeOn(api, orders, elector.assertHeld, elector.epochBase).catch((error: unknown) =>
    say('refused', { message: String(error) }),
  );
}

async function runInMain(orders: LeaderOrders): Promise<void> {
  const api = createKubeApi(openConnection(sourceOf(orders.kubeconfig)));
  let isBusy = false;
  const end = await runElection({
    store: createLeaseStore(api, { namespace: orders.namespace, name: 'leader' }),
    identity: orders.name,
    timing: orders.timing,
    time: systemTime,
    clock: systemClock,
    chance,
    stop: new AbortController().signal,
    report: {
      held: (transitions) => {
        if (isBusy) return;
        isBusy = true;
        say('leads', { epoch: transitions });
        void pause(1).then(() => keepBusy(orders.busyMs));
      },
      releasing: () => undefined,
      observed: () => undefined,
      failed: () => undefined,
      beat: () => undefined,
    },
  });
  say('lost', { end });
  process.exit(exitOnLoss);
}

const orders: LeaderOrders = JSON.parse(process.argv[2] ?? '{}');
say('started');
await (orders.elector === 'thread' ? runWithThread(orders) : runInMain(orders));
