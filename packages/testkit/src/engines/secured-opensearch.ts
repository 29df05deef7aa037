/** An OpenSearch with its security plugin: TLS by an authority of the test's own, users with passwords, roles from a file. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeTestCertificates, type TestCertificates } from '../tls-files.ts';
import {
  startOpenSearchProcess,
  type OpenSearchPlugin,
  type OpenSearchProcess,
} from './opensearch-process.ts';

export type SecuredOptions = {
  /** What `requireEngine(openSearchWithSecurity, …)` answered. */
  program: string;
  /** What stands in the plugin's `roles.yml` from the first start on. */
  roles: string;
};

export type Account = { user: string; password: string };

export type Asking = {
  method: string;
  path: string;
  body?: object;
  /** Lines of JSON instead of one body. */
  lines?: readonly object[];
};

export type SecuredOpenSearch = {
  process: OpenSearchProcess;
  url: string;
  certificates: TestCertificates;
  /** May everything but what the plugin keeps for itself. */
  admin: Account;
  ask: (account: Account | null, asking: Asking) => Promise<{ status: number; body: string }>;
  /** Makes the account, or gives it another password, with no other role than this one. */
  giveAccount: (account: Account, role: string | null) => Promise<void>;
  stop: () => Promise<void>;
};

const askMs = 20_000;
const readyMs = 2_000;
const refusals = 300;
const admin: Account = { user: 'admin', password: 'an-admin-of-the-tests' };
/** Of the password above, by bcrypt; nothing that outlives a test believes it. */
const adminHash = '$2b$04$BZHcKAC/MIGe5OtgnpJRweJa0aLl9A4rv9FFLFVBsc.VxGsp.e1Ne';

const settings = `plugins.security.ssl.transport.pemcert_filepath: server.pem
plugins.security.ssl.transport.pemkey_filepath: server.key
plugins.security.ssl.transport.pemtrustedcas_filepath: right.pem
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: server.pem
plugins.security.ssl.http.pemkey_filepath: server.key
plugins.security.ssl.http.pemtrustedcas_filepath: right.pem
plugins.security.nodes_dn: ['CN=server']
plugins.security.allow_default_init_securityindex: true
plugins.security.restapi.roles_enabled: [all_access]
plugins.security.password.hashing.bcrypt.rounds: 4
plugins.security.audit.type: noop
path.repo: [snapshots]
`;

const config = `config:
  dynamic:
    authc:
      passwords:
        http_enabled: true
        order: 0
        http_authenticator: { type: basic, challenge: true }
        authentication_backend: { type: intern }
`;

/** Ends with the test's process, however that ends. */
export async function startSecuredOpenSearch({ program, roles }: SecuredOptions): Promise<SecuredOpenSearch> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-tls-'));
  const certificates = await writeTestCertificates(folder);
  const authority = await readFile(certificates.rightAuthority, 'utf8');
  try {
    const plugin = securityPlugin(certificates, authority, roles);
    const process = await startOpenSearchProcess({ program, plugin });
    const { url } = process;
    const ask: SecuredOpenSearch['ask'] = (account, asking) => send(url, authority, account, asking, askMs);
    return {
      process,
      url,
      certificates,
      admin,
      ask,
      giveAccount: (account, role) => giveAccount(ask, account, role),
      stop: async () => {
        await process.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function securityPlugin(certificates: TestCertificates, authority: string, roles: string): OpenSearchPlugin {
  return {
    className: 'org.opensearch.security.OpenSearchSecurityPlugin',
    urlOf: (port) => `https://localhost:${port}`,
    configure: async (folder) => {
      const write = (name: string, text: string): Promise<void> =>
        writeFile(path.join(folder, name), text, { mode: 0o600 });
      const security = path.join(folder, 'opensearch-security');
      await mkdir(security, { recursive: true, mode: 0o700 });
      for (const file of [certificates.certificate, certificates.key, certificates.rightAuthority])
        await copyFile(file, path.join(folder, path.basename(file)));
      await write('opensearch.yml', settings);
      const users = `admin:\n  hash: '${adminHash}'\n`;
      const kinds: [file: string, type: string, text: string][] = [
        ['config', 'config', config],
        ['roles', 'roles', roles],
        ['roles_mapping', 'rolesmapping', 'all_access:\n  users: [admin]\n'],
        ['internal_users', 'internalusers', users],
        ['action_groups', 'actiongroups', ''],
        ['tenants', 'tenants', ''],
      ];
      for (const [file, type, text] of kinds)
        await write(
          `opensearch-security/${file}.yml`,
          `_meta:\n  type: ${type}\n  config_version: 2\n${text}`,
        );
    },
    isReady: async (url) => {
      try {
        const asking = { method: 'GET', path: '/_plugins/_security/health?mode=strict' };
        return (await send(url, authority, null, asking, readyMs)).status < refusals;
      } catch {
        return false;
      }
    },
  };
}

async function giveAccount(
  ask: SecuredOpenSearch['ask'],
  { user, password }: Account,
  role: string | null,
): Promise<void> {
  const body = { password, opendistro_security_roles: role === null ? [] : [role] };
  const answer = await ask(admin, {
    method: 'PUT',
    path: `/_plugins/_security/api/internalusers/${user}`,
    body,
  });
  if (answer.status >= refusals)
    throw new Error(`the account ${user} was refused with ${answer.status}: ${answer.body}`);
}

function send(
  url: string,
  authority: string,
  account: Account | null,
  { method, path: where, body, lines }: Asking,
  deadlineMs: number,
): Promise<{ status: number; body: string }> {
  const text =
    lines === undefined
      ? body && JSON.stringify(body)
      : lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${where}`,
      {
        method,
        ca: authority,
        signal: AbortSignal.timeout(deadlineMs),
        ...(account === null ? {} : { auth: `${account.user}:${account.password}` }),
        headers: text === undefined ? {} : { 'content-type': 'application/json' },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}
