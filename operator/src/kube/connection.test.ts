import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthority } from '@evently/testkit/engines/kube-pki';
import { expect, test } from 'vitest';
import { openConnection, sourceOf } from './connection.ts';
import { createKubeApi } from './create-api.ts';
import {
  afterThis,
  configMaps,
  fakeApiServer,
  scratchFolder,
  writeKubeconfig,
} from './test/transport-setup.ts';

const milk = { namespace: 'shop', name: 'milk' };
const names = ['127.0.0.1', 'localhost'];

function issued(authority: ReturnType<typeof createAuthority>, commonName: string) {
  const { certificate, key } = authority.issue({ commonName, names });
  return { cert: certificate, key };
}

test('TLS connections are kept for as long as the certificates are the same, and made anew when they change', async () => {
  const [oldAuthority, newAuthority] = [
    createAuthority(new Date(), 'old'),
    createAuthority(new Date(), 'new'),
  ];
  const oldServer = await fakeApiServer(issued(oldAuthority, 'server'));
  const newServer = await fakeApiServer(issued(newAuthority, 'server'));
  for (const fake of [oldServer, newServer]) fake.put('milk');
  const kubeconfig = path.join(await scratchFolder(), 'config');
  await writeKubeconfig(kubeconfig, oldServer.url, { token: 'a' }, oldAuthority.certificate);
  const connection = openConnection({ kind: 'file', path: kubeconfig });
  afterThis(() => connection.close());
  const api = createKubeApi(connection);
  for (let call = 0; call < 30; call += 1) expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(connection.poolsMade()).toBe(1);
  expect(oldServer.connections()).toBeLessThanOrEqual(2);

  // An authority that did not sign what answers is refused, and named.
  await writeKubeconfig(kubeconfig, newServer.url, { token: 'a' }, oldAuthority.certificate);
  connection.forgetCredentials();
  await expect(api.get(configMaps, milk, { deadlineMs: 500 })).rejects.toThrow(
    /ConnectionFailed|DeadlinePassed/,
  );
  await writeKubeconfig(kubeconfig, newServer.url, { token: 'a' }, newAuthority.certificate);
  expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(connection.poolsMade()).toBe(3);
});

test("in a pod, a token that was rotated is read again when the old one isn't accepted any more", async () => {
  const authority = createAuthority(new Date());
  const fake = await fakeApiServer(issued(authority, 'server'));
  fake.put('milk');
  const pathPrefix = await scratchFolder();
  const account = path.join(pathPrefix, 'var/run/secrets/kubernetes.io/serviceaccount');
  await mkdir(account, { recursive: true });
  const write = (name: string, text: string): Promise<void> => writeFile(path.join(account, name), text);
  await write('ca.crt', authority.certificate);
  await write('namespace', 'evently');
  await write('token', 'first');
  const { hostname, port } = new URL(fake.url);
  const before = { ...process.env };
  Object.assign(process.env, { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port });
  afterThis(async () => {
    process.env = before;
  });
  const connection = openConnection({ kind: 'in-cluster', pathPrefix });
  afterThis(() => connection.close());
  const api = createKubeApi(connection);
  expect(connection.namespace).toBe('evently');
  expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(fake.seen.at(-1)?.headers.authorization).toBe('Bearer first');

  await write('token', 'second');
  fake.decide(({ headers }) =>
    headers.authorization === 'Bearer second'
      ? null
      : { kind: 'status', status: 401, reason: 'Unauthorized' },
  );
  expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(connection.poolsMade()).toBe(1);
});

test('outside a pod and without a kubeconfig it says what is missing', () => {
  expect(() => openConnection(sourceOf(''))).toThrow('Name a kubeconfig');
});

test('credentials are never sent in the clear unless the kubeconfig says that nothing is verified', async () => {
  const fake = await fakeApiServer();
  const kubeconfig = path.join(await scratchFolder(), 'config');
  const authority = createAuthority(new Date());
  await writeKubeconfig(kubeconfig, fake.url, { token: 'secret' }, authority.certificate);
  const connection = openConnection({ kind: 'file', path: kubeconfig });
  afterThis(() => connection.close());
  await expect(createKubeApi(connection).get(configMaps, milk)).rejects.toThrow(
    'HTTP protocol is not allowed',
  );
  expect(fake.seen).toEqual([]);
});
