import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { countCalls, expectNoSpin } from './call-rate.ts';
import type { Space } from './cluster.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import type { Json } from './kube-client.ts';
import type { OperatorProcess } from './operator-process.ts';
import { account, autoscalerPath, poolDefaults } from './pool.ts';
import { conditionOf, messageOf, shortSale } from './sales.ts';
import { useCluster } from './use-cluster.ts';

/**
 * What one operator with some sales may ask of the API server in a minute, after a burst, while it is refused. In
 * peace it is some 30; a loop without a pause makes thousands.
 */
const maxCallsPerMinute = 600;
const deniedMs = 4_000;
const sayMs = 20_000;
const recoverMs = 30_000;
const lookMs = 100;

type Verb = { group: string; resource: string; verb: string };
/** What was denied in this file, to be compared with everything that is granted. */
const denied = new Set<string>();
const textOf = ({ resource, verb }: Verb): string => `${verb} ${resource}`;

const { cluster } = useCluster({ hasMetrics: false });
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

/** Everything that the operator may do around one namespace. */
type Rights = {
  all: readonly Verb[];
  /** Everything but what is told is granted from now on. */
  deny: (...verbs: readonly string[]) => Promise<void>;
};

/** A Role or ClusterRole, one rule for each verb. */
type RuleSet = {
  kind: string;
  name: string;
  path: string;
  rules: readonly (Verb & { resourceNames?: string[] })[];
};

async function rightsOf({ namespace, ownNamespace }: Space): Promise<Rights> {
  const root = '/apis/rbac.authorization.k8s.io/v1';
  const sets = await Promise.all([
    readRules('Role', `${root}/namespaces/${namespace}/roles/${account}`),
    readRules('Role', `${root}/namespaces/${ownNamespace}/roles/${account}-lease`),
    readRules('ClusterRole', `${root}/clusterroles/${account}-sales-${namespace}`),
  ]);
  const all = sets.flatMap(({ rules }) => rules);
  return {
    all,
    deny: async (...verbs) => {
      for (const verb of verbs) {
        expect(all.map(textOf)).toContain(verb);
        denied.add(verb);
      }
      await Promise.all(sets.map((set) => applyRules(set, verbs)));
    },
  };
}

async function readRules(kind: string, path: string): Promise<RuleSet> {
  const found = await cluster().kube.get(path);
  const rules = found.rules.flatMap(({ apiGroups, resources, verbs, resourceNames }: Json) =>
    apiGroups.flatMap((group: string) =>
      resources.flatMap((resource: string) =>
        verbs.map((verb: string) => ({ group, resource, verb, ...(resourceNames && { resourceNames }) })),
      ),
    ),
  );
  return { kind, name: found.metadata.name, path, rules };
}

async function applyRules({ kind, name, path, rules }: RuleSet, without: readonly string[]): Promise<void> {
  await cluster().kube.apply(path, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name },
    rules: rules
      .filter((rule) => !without.includes(textOf(rule)))
      .map(({ group, resource, verb, ...only }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs: [verb],
        ...only,
      })),
  });
}

/** A namespace with its proxy and its operator, and what `/readyz` of that says. */
type Watched = {
  space: Space;
  proxy: FaultProxy;
  rights: Rights;
  start: () => Promise<OperatorProcess>;
  readyz: () => Promise<string>;
};

async function watch(): Promise<Watched> {
  const space = await cluster().openSpace();
  const proxy = await startFaultProxy(cluster().plane);
  closing.push(space.close, proxy.close);
  const port = await freePort();
  const settings = { OPERATOR_HEALTH_PORT: String(port) };
  return {
    space,
    proxy,
    rights: await rightsOf(space),
    start: () => space.startOperator(settings, proxy.server),
    readyz: async () => {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
      } catch {
        return ''; // It does not listen yet.
      }
    },
  };
}

/** Whether the text names the verb and the resource as what is missing; a log has its quotes escaped. */
function isNamedIn(text: string, missing: string): boolean {
  const [verb = '', resource = ''] = missing.split(' ');
  return text.replaceAll('\\', '').includes(`add the verb "${verb}" on "${resource}"`);
}

type Step = {
  missing: string;
  /** Where it says so, by name and text. */
  says: readonly [string, () => Promise<string>];
  /** Makes it need the verb. */
  needs: () => Promise<unknown>;
  recovers: () => Promise<void>;
};

async function tryWithout({ proxy, rights }: Watched, step: Step): Promise<void> {
  const { missing, says, needs, recovers } = step;
  const [where, text] = says;
  await rights.deny(missing);
  const rate = countCalls(proxy);
  const fromMs = Date.now();
  await needs();
  await until(async () => isNamedIn(await text(), missing), true, sayMs);
  const saidMs = Date.now() - fromMs;
  await pause(Math.max(0, deniedMs - saidMs));
  const refused = rate();
  await rights.deny();
  const givenMs = Date.now();
  await recovers();
  const more = `said in ${where} after ${saidMs} ms, well ${Date.now() - givenMs} ms after it was given`;
  expectNoSpin(`no ${missing}`, { 'API server': refused }, maxCallsPerMinute, more);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is the wanted one. Tests that run at once cannot share the `expect` that polls. */
async function until(ask: () => Promise<unknown>, wanted: unknown, ms = recoverMs): Promise<void> {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = await ask();
    if (isDeepStrictEqual(seen, wanted)) return;
    if (Date.now() > deadline) return expect(seen, `after ${ms} ms`).toEqual(wanted);
    await pause(lookMs);
  }
}

function saleOf(eventId: string, demand: number, target = 'booking') {
  return {
    ...shortSale({ eventId, opensInMs: 59_000, lastsMs: 3_600_000, demand }),
    target: { name: target },
  };
}

test.concurrent(
  'what is missing at the start is named, and is all that it waits for',
  async () => {
    const watched = await watch();
    const { space, proxy, rights, readyz } = watched;
    const lists = ['list eventsales', 'list horizontalpodautoscalers', 'list pods'];
    const later = ['get leases', 'create leases', 'get deployments/scale', 'get statefulsets/scale'];
    await rights.deny(...lists, ...later);
    await applyStatefulPool(space.namespace);
    const stage = (title: string): Promise<string> => cluster().platform.stage(title, 10);
    await space.applySale('deployed', saleOf(await stage('Deployed'), 300));
    await space.applySale('stateful', saleOf(await stage('Stateful'), 300, 'stateful'));
    const rate = countCalls(proxy);
    const operator = await watched.start();
    const missing = async (): Promise<unknown> => {
      const text = await readyz();
      return lists.map((one) => isNamedIn(text, one));
    };
    await until(missing, [true, true, true], sayMs);
    await pause(deniedMs);
    for (const [at, given] of lists.entries()) {
      await rights.deny(...lists.slice(at + 1), ...later);
      const isNamed = async (): Promise<boolean> => isNamedIn(await readyz(), given);
      await until(isNamed, false);
    }
    expectNoSpin('no list of anything', { 'API server': rate() }, maxCallsPerMinute);
    await until(async () => /"status":"ok"/.test(await readyz()), true);
    for (const at of [0, 1]) {
      const leases = countCalls(proxy);
      const one = later[at] ?? '';
      await until(async () => isNamedIn(await operator.log(), one), true);
      await pause(deniedMs / 2);
      // Here the calls about the lease are what counts.
      const { leasesPerMinute } = leases();
      process.stdout.write(`no ${one}: ${leasesPerMinute} calls a minute about the lease, said in the log\n`);
      expect(leasesPerMinute).toBeLessThan(maxCallsPerMinute);
      await rights.deny(...later.slice(at + 1));
    }
    await operator.untilLeads();
    const scales = countCalls(proxy);
    const stalled = async (): Promise<unknown> => {
      const [one, two] = [await space.sale('deployed'), await space.sale('stateful')];
      const isSaid = [
        isNamedIn(messageOf(one, 'Stalled'), later[2] ?? ''),
        isNamedIn(messageOf(two, 'Stalled'), later[3] ?? ''),
      ];
      return [conditionOf(one, 'Stalled'), conditionOf(two, 'Stalled'), ...isSaid];
    };
    await until(stalled, ['True/Forbidden', 'True/Forbidden', true, true]);
    await pause(deniedMs);
    expectNoSpin('no get of a scale, said in the status', { 'API server': scales() }, maxCallsPerMinute);
    await rights.deny();
    const well = async (): Promise<unknown> => {
      const sales = [await space.sale('deployed'), await space.sale('stateful')];
      return sales.map((sale) => [conditionOf(sale, 'Stalled'), conditionOf(sale, 'CapacityReady')]);
    };
    await until(well, [
      ['', 'True/AtFloor'],
      ['', 'True/AtFloor'],
    ]);
  },
  90_000,
);

test.concurrent(
  'what is taken away while it leads is named, and it goes on when it is given back',
  async () => {
    const watched = await watch();
    const { space, proxy, readyz } = watched;
    const operator = await watched.start();
    await operator.untilLeads();
    const stage = (title: string): Promise<string> => cluster().platform.stage(title, 10);
    const spec = saleOf(await stage('First'), 300);
    await space.applySale('first', spec);
    const state = async (name: string, type: string): Promise<string> =>
      conditionOf(await space.sale(name), type);
    await until(() => state('first', 'Ready'), 'True/Armed');
    const log = ['the log', operator.log] as const;
    const inStatus = (name: string) =>
      ['the status', async () => messageOf(await space.sale(name), 'Stalled')] as const;
    for (const resource of ['eventsales', 'horizontalpodautoscalers', 'pods']) {
      await tryWithout(watched, {
        missing: `watch ${resource}`,
        says: ['/readyz', readyz],
        // The API server lets go on what was allowed once.
        needs: () => Promise.resolve(proxy.resetAll()),
        recovers: () => until(async () => /"status":"ok"/.test(await readyz()), true),
      });
    }
    const second = saleOf(await stage('Second'), 100);
    await tryWithout(watched, {
      missing: 'patch eventsales',
      says: inStatus('second'),
      needs: () => space.applySale('second', second),
      recovers: () => until(() => state('second', 'Ready'), 'True/Armed'),
    });
    const demand = (pods: number) => ({ ...spec, demand: { peakReservationsPerSecond: pods * 100 } });
    await tryWithout(watched, {
      missing: 'patch eventsales/status',
      says: log,
      needs: () => space.applySale('first', demand(4)),
      recovers: async () => {
        const generation = async (): Promise<unknown> =>
          (await space.sale('first')).status.observedGeneration;
        await until(generation, (await space.sale('first')).metadata.generation);
      },
    });
    await tryWithout(watched, {
      missing: 'patch horizontalpodautoscalers',
      says: inStatus('first'),
      needs: () => space.applySale('first', demand(6)),
      recovers: async () => {
        await until(() => space.floor(), 7);
        await until(() => state('first', 'Stalled'), '');
      },
    });
    await withoutEvents(watched, operator, saleOf(await stage('Third'), 100));
    await withoutRenewals(watched, operator);
  },
  120_000,
);

/** Event after event of one reason is one event with a series, which is a patch. */
async function withoutEvents(watched: Watched, operator: OperatorProcess, spec: Json): Promise<void> {
  const { space } = watched;
  const isWritten = async (reason: string): Promise<number> => {
    const found = await space.events();
    const own = found.filter(
      ({ regarding, action, ...one }: Json) =>
        regarding.name === 'third' && action === 'Reconcile' && one.reason === reason,
    );
    return own.reduce((sum: number, one: Json) => sum + (one.series?.count ?? 1), 0);
  };
  const turn = async (management: 'Managed' | 'Paused'): Promise<void> => {
    await space.applySale('third', { ...spec, management });
    const reason = async (): Promise<boolean> =>
      conditionOf(await space.sale('third'), 'Ready').endsWith('/Paused');
    await until(reason, management === 'Paused');
  };
  await tryWithout(watched, {
    missing: 'create events',
    says: ['the log', operator.log],
    needs: () => turn('Managed'),
    recovers: async () => {
      await turn('Paused');
      await until(() => isWritten('Paused'), 1);
    },
  });
  await tryWithout(watched, {
    missing: 'patch events',
    says: ['the log', operator.log],
    needs: async () => {
      await turn('Managed');
      await turn('Paused');
    },
    recovers: async () => {
      await turn('Managed');
      await turn('Paused');
      await until(() => isWritten('Paused'), 3);
    },
  });
}

/** A leader that cannot renew ends; the one that comes then says why it does not lead. */
async function withoutRenewals(watched: Watched, operator: OperatorProcess): Promise<void> {
  let next = operator;
  await tryWithout(watched, {
    missing: 'update leases',
    says: ['the log', () => next.log()],
    needs: async () => {
      await operator.ended(sayMs);
      next = await watched.start();
    },
    recovers: () => next.untilLeads(),
  });
}

test('every verb that the operator may use was denied once', async () => {
  const { all } = await rightsOf(await cluster().openSpace());
  expect([...denied].toSorted()).toEqual(all.map(textOf).toSorted());
});

/** A second pool, of a StatefulSet, whose pods get ready one after the other. */
async function applyStatefulPool(namespace: string): Promise<void> {
  const { kube } = cluster();
  const labels = { 'app.kubernetes.io/name': 'stateful' };
  await kube.apply(`/apis/apps/v1/namespaces/${namespace}/statefulsets/stateful`, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'stateful', labels },
    spec: {
      serviceName: 'stateful',
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'booking', image: 'booking:test', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  });
  const booking = await kube.get(autoscalerPath(namespace));
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'stateful' };
  await kube.apply(
    autoscalerPath(namespace, 'stateful'),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'stateful', labels, annotations: booking.metadata.annotations },
      spec: { maxReplicas: poolDefaults.max, scaleTargetRef, metrics: booking.spec.metrics },
    },
    'chart',
  );
}
