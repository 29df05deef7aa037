/** A real Kubernetes control plane for tests, on loopback and without root; kwok's fake nodes make pods Ready. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { monotonicMs, systemClock } from '@evently/kit/clock';
import { createAuthority, createSigningKey, type Authority, type Certificate } from './kube-pki.ts';
import { createProcessGroup, freePort, type ProcessGroup } from './kube-processes.ts';
import { findKubeTools, kwokStages } from './kube-tools.ts';

export type ControlPlaneOptions = {
  /** How often the HPA controller looks; Kubernetes' default is 15 s. */
  hpaSyncMs?: number;
  /** For how long the HPA controller remembers the highest recommendation; Kubernetes' default is 5 min. */
  hpaDownMs?: number;
  /** For how long the HPA controller ignores the CPU of a young pod; Kubernetes' default is 5 min. */
  hpaCpuInitMs?: number;
  fakeNodes?: number;
};

export type ControlPlane = {
  /** Path of the credentials of an administrator. */
  kubeconfig: string;
  server: string;
  /** PEM of the authority that the API server's certificate comes from. */
  caCertificate: string;
  /** From the call to the first fake node that is Ready. */
  startedInMs: number;
  /** Makes credentials from the control plane's own authority, for users and for TLS servers of a test. */
  authority: Authority;
  /** Runs kubectl as the administrator and returns what it prints; rejects with what it complains of. */
  kubectl: (args: readonly string[], stdin?: string) => Promise<string>;
  /** Writes credentials for a token, or for a certificate; `server` may be a proxy. Returns the path. */
  writeKubeconfig: (name: string, credentials: Credentials, server?: string) => Promise<string>;
  pids: () => Record<string, number>;
  logOf: (name: string) => Promise<string>;
  /** SIGTERM, a new process on the same port, and a wait until it is ready. */
  restartApiServer: () => Promise<void>;
  /** SIGKILL; `startApiServer` brings it back on the same port. */
  killApiServer: () => Promise<void>;
  startApiServer: () => Promise<void>;
  stop: () => Promise<void>;
};

export type Credentials = { token: string } | Certificate;

const attempts = 3;
const readyMs = 90_000;
const kubectlMs = 30_000;
const maxOutputBytes = 64 * 1024 * 1024;
const serviceNet = '10.96';

/** Starts one; several may run side by side. All ends with `stop`, or with this process. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const begun = monotonicMs();
  const tools = await findKubeTools();
  if (tools.kind === 'missing') throw new Error(tools.reason);
  for (let attempt = 1; ; attempt += 1) {
    const group = await createProcessGroup('kube');
    try {
      const plane = await launch(options, tools.folder, group);
      return { ...plane, startedInMs: Math.round(monotonicMs() - begun) };
    } catch (error) {
      await group.stop();
      // A port that was free may be taken a moment later.
      const passes = error instanceof Error && /address already in use|bind:/i.test(error.message);
      if (!passes || attempt === attempts) throw error;
    }
  }
}

type Parts = {
  tool: (name: string) => string;
  group: ProcessGroup;
  pki: Pki;
  server: string;
  apiPort: number;
  etcd: string;
};

async function launch(
  options: ControlPlaneOptions,
  folder: string,
  group: ProcessGroup,
): Promise<Omit<ControlPlane, 'startedInMs'>> {
  const [apiPort, etcdPort] = [await freePort(), await freePort()];
  const server = `https://127.0.0.1:${apiPort}`;
  const pki = await writePki(group.folder, server);
  const tool = (name: string): string => path.join(folder, name);
  const parts: Parts = { tool, group, pki, server, apiPort, etcd: `http://127.0.0.1:${etcdPort}` };
  const kubeconfig = pki.kubeconfigs.admin;
  const kubectl = (args: readonly string[], stdin?: string): Promise<string> =>
    runKubectl(tool('kubectl'), [`--kubeconfig=${kubeconfig}`, ...args], stdin);
  const startApiServer = async (): Promise<void> => {
    await group.start('kube-apiserver', tool('kube-apiserver'), apiServerFlags(parts));
    await group.waitUntil('kube-apiserver', () => succeeds(kubectl(['get', '--raw', '/readyz'])), readyMs);
  };
  await startEtcd(parts, await freePort());
  await startApiServer();
  await startControllers(parts, options);
  await startFakeNodes(parts, options.fakeNodes ?? 2, kubectl);
  return {
    kubeconfig,
    server,
    caCertificate: pki.authority.certificate,
    authority: pki.authority,
    kubectl,
    writeKubeconfig: (name, credentials, address = server) =>
      writeKubeconfig(path.join(group.folder, `${name}.kubeconfig`), pki, credentials, address),
    pids: group.pids,
    logOf: group.logOf,
    startApiServer,
    restartApiServer: async () => {
      await group.end('kube-apiserver', 'SIGTERM');
      await startApiServer();
    },
    killApiServer: () => group.end('kube-apiserver', 'SIGKILL'),
    stop: group.stop,
  };
}

type Pki = {
  folder: string;
  authority: Authority;
  kubeconfigs: Record<'admin' | 'controllers' | 'scheduler', string>;
};

async function writePki(at: string, server: string): Promise<Pki> {
  const folder = path.join(at, 'pki');
  await mkdir(folder, { mode: 0o700 });
  const authority = createAuthority(systemClock.now());
  const write = (name: string, text: string): Promise<void> =>
    writeFile(path.join(folder, name), text, { mode: 0o600 });
  const writePair = async (name: string, pair: Certificate): Promise<void> => {
    await write(`${name}.crt`, pair.certificate);
    await write(`${name}.key`, pair.key);
  };
  await write('ca.crt', authority.certificate);
  const names = ['127.0.0.1', `${serviceNet}.0.1`, 'localhost', 'kubernetes', 'kubernetes.default.svc'];
  await writePair('apiserver', authority.issue({ commonName: 'kube-apiserver', names }));
  await writePair('front-proxy', authority.issue({ commonName: 'front-proxy' }));
  const signing = createSigningKey();
  await write('sa.key', signing.privateKey);
  await write('sa.pub', signing.publicKey);
  const users = {
    admin: authority.issue({ commonName: 'admin', organization: 'system:masters' }),
    controllers: authority.issue({ commonName: 'system:kube-controller-manager' }),
    scheduler: authority.issue({ commonName: 'system:kube-scheduler' }),
  };
  const pki = { folder, authority };
  const file = (name: string): string => path.join(at, `${name}.kubeconfig`);
  return {
    ...pki,
    kubeconfigs: {
      admin: await writeKubeconfig(file('admin'), pki, users.admin, server),
      controllers: await writeKubeconfig(file('controllers'), pki, users.controllers, server),
      scheduler: await writeKubeconfig(file('scheduler'), pki, users.scheduler, server),
    },
  };
}

async function writeKubeconfig(
  file: string,
  { authority }: Pick<Pki, 'authority'>,
  credentials: Credentials,
  server: string,
): Promise<string> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': base64(authority.certificate) } },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  return file;
}

/** Without fsync: its data does not outlive the test. */
async function startEtcd({ group, tool, etcd }: Parts, peerPort: number): Promise<void> {
  await group.start('etcd', tool('etcd'), [
    `--data-dir=${path.join(group.folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
  ]);
  await group.waitUntil(
    'etcd',
    () => succeeds(fetch(`${etcd}/health`, { signal: AbortSignal.timeout(1_000) })),
    readyMs,
  );
}

function apiServerFlags({ pki, etcd, apiPort }: Parts): string[] {
  const file = (name: string): string => path.join(pki.folder, name);
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    // Loopback is no endpoint that Kubernetes would accept for its own service.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    `--service-cluster-ip-range=${serviceNet}.0.0/16`,
    // For API servers of a test that this one forwards to.
    `--requestheader-client-ca-file=${file('ca.crt')}`,
    '--requestheader-allowed-names=front-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${file('front-proxy.crt')}`,
    `--proxy-client-key-file=${file('front-proxy.key')}`,
    // A restart must not wait for watches to end.
    '--shutdown-watch-termination-grace-period=0s',
  ];
}

async function startControllers({ group, tool, pki }: Parts, options: ControlPlaneOptions): Promise<void> {
  const file = (name: string): string => path.join(pki.folder, name);
  const as = (kubeconfig: string): string[] => [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    // Serves nothing.
    '--secure-port=0',
    '--leader-elect=false',
  ];
  const { hpaSyncMs = 15_000, hpaDownMs = 300_000, hpaCpuInitMs = 300_000 } = options;
  await group.start('kube-controller-manager', tool('kube-controller-manager'), [
    ...as(pki.kubeconfigs.controllers),
    '--use-service-account-credentials',
    `--root-ca-file=${file('ca.crt')}`,
    `--service-account-private-key-file=${file('sa.key')}`,
    `--horizontal-pod-autoscaler-sync-period=${hpaSyncMs}ms`,
    `--horizontal-pod-autoscaler-downscale-stabilization=${hpaDownMs}ms`,
    `--horizontal-pod-autoscaler-cpu-initialization-period=${hpaCpuInitMs}ms`,
  ]);
  await group.start('kube-scheduler', tool('kube-scheduler'), as(pki.kubeconfigs.scheduler));
}

async function startFakeNodes(
  { group, tool, pki }: Parts,
  count: number,
  kubectl: ControlPlane['kubectl'],
): Promise<void> {
  await group.start('kwok', tool('kwok'), [
    `--kubeconfig=${pki.kubeconfigs.admin}`,
    `--config=${tool(kwokStages)}`,
    '--manage-all-nodes',
    '--node-lease-duration-seconds=40',
  ]);
  const room = { cpu: '256', memory: '1Ti', pods: '1000' };
  const items = Array.from({ length: count }, (_, at) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `fake-${at + 1}`, labels: { 'kubernetes.io/hostname': `fake-${at + 1}` } },
    status: { allocatable: room, capacity: room },
  }));
  await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const ready = ['wait', '--for=condition=Ready', 'node', '--all', '--timeout=1s'];
  await group.waitUntil('kwok', () => succeeds(kubectl(ready)), readyMs);
  // Pods are refused before it exists.
  const account = ['get', 'serviceaccount', 'default', '-n', 'default'];
  await group.waitUntil('kube-controller-manager', () => succeeds(kubectl(account)), readyMs);
}

function runKubectl(program: string, args: readonly string[], stdin?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { timeout: kubectlMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.slice(1).join(' ')}: ${stderr.trim() || error.message}`));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin ?? '');
  });
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
