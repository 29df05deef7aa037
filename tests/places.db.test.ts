/** `make psql`, `logs`, `redis-cli` and `up`, as a person types them: on a running platform, and where something is missing. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { command, freePorts, root, runTyped, type Ended } from './typed-command.ts';

let folder = '';
let standalone: Standalone;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-places-'));
  await chmod(folder, 0o755);
  standalone = await createStandalone({
    env: {
      PATH: process.env['PATH'],
      ...freePorts,
      EVENTLY_DATA_DIR: path.join(folder, 'data'),
      EVENTLY_LOG_LEVEL: 'info',
    },
  });
});
afterAll(async () => {
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

type Given = { input?: string; env?: Record<string, string> };

function run(file: string, args: readonly string[], { input = '', env = {} }: Given = {}): Promise<Ended> {
  const environment = {
    PATH: process.env['PATH'] ?? '',
    EVENTLY_DATA_DIR: path.join(folder, 'data'),
    ...env,
  };
  return runTyped(file, args, environment, input);
}
const evently = (args: readonly string[], given: Given = {}): Promise<Ended> =>
  run(process.execPath, [command, ...args], given);

/** A folder that alone is PATH, with those programs of this machine that are named. */
async function pathWith(name: string, programs: Readonly<Record<string, string>>): Promise<string> {
  const at = path.join(folder, name);
  await mkdir(at);
  for (const [program, text] of Object.entries(programs)) {
    const file = path.join(at, program);
    if (text.startsWith('/')) await symlink(text, file);
    else await writeFile(file, text, { mode: 0o755 });
  }
  return at;
}

describe('psql', () => {
  const builtIn = ['psql', '--service', 'booking', '--built-in'];

  test('the prompt of its own runs what is piped into it, on the database of that service', async () => {
    const input =
      "select current_database() as name,\n  'a;b' as text;\nselect count(*) as n from bookings;\n";
    expect(await evently(builtIn, { input })).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'name            | text\n----------------+-----\nevently_booking | a;b\n(1 row)\nn\n-\n0\n(1 row)\n',
    });
  });

  test('a statement that fails ends the run with its reason; what stands behind it is not run', async () => {
    const ended = await evently(builtIn, { input: 'select * from nowhere;\nselect 1 as behind;\n' });
    expect(ended).toEqual({ code: 1, stdout: '', stderr: 'relation "nowhere" does not exist (42P01)\n' });
  });

  test('a transaction holds over several statements, and an input that ends inside one says so', async () => {
    const input =
      'begin;\ncreate table t (n int);\ninsert into t values (1);\nrollback;\n\\dt\nselect n from t';
    const ended = await evently(builtIn, { input });
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^BEGIN\nCREATE\nINSERT 1\nROLLBACK\n/);
    expect(ended.stdout).toContain('| bookings');
    expect(ended.stdout).not.toMatch(/\| t\n/);
    expect(ended.stderr).toContain('inside a statement');
  });

  test('where psql is missing the prompt takes its place, and says so', async () => {
    const PATH = await pathWith('no-psql', {});
    const ended = await evently(['psql', '--service', 'event'], { input: 'select 1 as one;', env: { PATH } });
    expect(ended).toEqual({
      code: 0,
      stdout: 'one\n---\n1\n(1 row)\n',
      stderr: 'psql is not installed; this is a small prompt on the database of event.\n',
    });
  });

  test('an installed psql gets the address in its environment, and no argument shows the password', async () => {
    const psql =
      '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$@ $PGDATABASE $PGPORT ${PGPASSWORD:+has-password}"\n';
    const PATH = await pathWith('own-psql', { psql, sh: '/bin/sh' });
    const { stdout } = await evently(['psql', '--service', 'payment'], { env: { PATH } });
    const { port } = new URL(standalone.runtime.databases.payment);
    expect(stdout).toBe(`--set=ON_ERROR_STOP=1 evently_payment ${port} has-password\n`);
  });

  test('a pod has the same prompt, on the database of its own settings', async () => {
    const env = { BOOKING_DATABASE_URL: standalone.runtime.databases.booking };
    const main = path.join(root, 'services/booking/src/main.ts');
    const ended = await run(process.execPath, [main, 'sql'], { input: 'select 1 as one;', env });
    expect(ended).toEqual({ code: 0, stderr: '', stdout: 'one\n---\n1\n(1 row)\n' });
    const lost = { BOOKING_DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:1/nothing' };
    const refused = await run(process.execPath, [main, 'sql'], { env: lost });
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^PostgreSQL does not answer: .*ECONNREFUSED/);
    expect(refused.stderr).not.toContain('secret');
  });

  test('make psql SERVICE=user', async () => {
    const ended = await run('make', ['--silent', 'psql', 'SERVICE=user', 'ON=standalone'], {
      input: 'select current_database();',
    });
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('evently_user');
  });
});

describe('logs', () => {
  test('make logs: the lines of one service, and an end when none are waited for', async () => {
    const answer = await fetch(`${standalone.runtime.gateway.url}/api/event/events`);
    expect(answer.status).toBe(200);
    // A line is written when the answer is, and reaches the file a moment later.
    const lines = await vi.waitFor(
      async () => {
        const args = ['--silent', 'logs', 'SERVICE=event', 'LINES=1000', 'FOLLOW=0'];
        const { code, stdout } = await run('make', args);
        expect([code, stdout]).toEqual([0, expect.stringContaining('/api/v1/events')]);
        return stdout.trim().split('\n');
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(lines.filter((line) => !line.includes('"service":"event"'))).toEqual([]);
  });

  test('a service that is none is refused with those there are', async () => {
    const { code, stderr } = await evently(['logs', '--service', 'mail']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('user, event, search, booking, payment, operator'),
    ]);
  });
});

describe('where the platform is', () => {
  test('a platform of one process has no Redis, and says where its things are', async () => {
    const { code, stderr } = await evently(['redis-cli']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('has no Redis')]);
  });

  test('nothing runs here and there is no kubectl: both ways are named', async () => {
    const env = { EVENTLY_DATA_DIR: path.join(folder, 'nothing'), PATH: await pathWith('no-kubectl', {}) };
    const { code, stderr } = await evently(['psql', '--service', 'booking'], { env });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/"make start".*kubectl, which was not found: https/s),
    ]);
  });

  test('a cluster is asked through kubectl, in its namespace and context, and says which it is', async () => {
    const kubectl = '#!/bin/sh\n[ "$5" = get ] && exit 0\necho "$@"\n';
    const env = { PATH: await pathWith('own-kubectl', { kubectl, sh: '/bin/sh' }) };
    const place = ['--on', 'cluster', '--context', 'kind-evently', '--namespace', 'tickets'];
    const sql = await evently(['psql', '--service', 'event', ...place], { env });
    expect(sql.stdout.trim()).toBe(
      '--context kind-evently --namespace tickets exec --stdin deployment/event --container event -- node services/event/src/main.ts sql',
    );
    expect(sql.stderr).toContain('namespace tickets of kind-evently');
    const redis = await evently(['redis-cli', ...place], { env });
    expect(redis.stdout).toContain(
      'deployment/booking --container booking -- node services/booking/src/main.ts redis',
    );
    const logs = await evently(['logs', '--service', 'booking', '--no-follow', ...place], { env });
    expect(logs.stdout).toContain('logs --selector=app.kubernetes.io/name=booking');
  });
});

test('the commands of docs/kubernetes.md make an event that is closed until an EventSale arms it', async () => {
  const document = await readFile(path.join(root, 'docs/kubernetes.md'), 'utf8');
  const [block] = [...document.matchAll(/```sh\n([^`]*managed[^`]*)```/g)].map((match) => match[1] ?? '');
  const env = { EVENTLY_URL: standalone.runtime.gateway.url, EVENTLY_LIMITS: 'expected' };
  expect(await evently(['seed'], { env })).toMatchObject({ code: 0 });
  const script = `set -euo pipefail\n${block}\necho "$EVENT"\n`;
  const admin = { EVENTLY_ADMIN_EMAIL: 'atlanadmin@mail.com', EVENTLY_ADMIN_PASSWORD: '11111111' };
  const made = await run('bash', ['--norc', '-c', script], { env: { ...env, ...admin } });
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const asked = `/api/booking/bookings/check-availability?event_id=${made.stdout.trim()}&quantity=1`;
  const answer = await fetch(`${standalone.runtime.gateway.url}${asked}`);
  expect(await answer.json()).toMatchObject({ available: false, available_seats: 1_500 });
});

describe('up', () => {
  test('every missing program is named at once, with the way to it, and nothing is made', async () => {
    const env = { PATH: await pathWith('no-programs', { sh: '/bin/sh' }) };
    const { code, stdout, stderr } = await evently(['cluster', 'up'], { env });
    expect([code, stdout]).toEqual([1, '']);
    for (const program of ['docker', 'kind', 'kubectl', 'helm', 'skaffold']) {
      expect(stderr).toMatch(new RegExp(`^${program} was not found: install .*https://`, 'm'));
    }
  });

  test('a program that is too old is named with what it is', async () => {
    const says = (text: string): string => `#!/bin/sh\necho '${text}'\n`;
    const PATH = await pathWith('old-programs', {
      sh: '/bin/sh',
      docker: says('Server 29.0.1'),
      kind: says('kind v0.20.0 go1.20.4 linux/amd64'),
      kubectl: says('Client Version: v1.36.3'),
      helm: says('v4.3.1+g1234567'),
      skaffold: says('v2.16.1'),
    });
    const { stderr } = await evently(['cluster', 'up'], { env: { PATH } });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^kind is version 0\.20\.0, and 0\.32\.0 or later is needed: /),
      expect.stringMatching(/^skaffold is version 2\.16\.1, and 2\.19\.0 or later is needed: /),
    ]);
  });

  test('the steps run in order, secrets through standard input only, and a second run keeps them', async () => {
    const at = path.join(folder, 'pretended');
    // Each call is a line in the log; what is applied from standard input is kept, and what is asked for is answered from it.
    const says = (version: string): string => `#!/bin/sh
echo "$(basename "$0") $*" >> '${at}/calls'
case "$*" in
  *version*) echo '${version}' ;;
  'get clusters') cat '${at}/clusters' 2>/dev/null ;;
  'create cluster'*) echo evently > '${at}/clusters' ;;
  *'get secret postgres-ca'*) echo '{"data":{"ca.crt":"Y2VydGlmaWNhdGU="}}' ;;
  *'get secret postgres-booking'*) cat '${at}/postgres-booking' 2>/dev/null ;;
  *'--filename -') cat > "${at}/applied-$(wc -l < '${at}/calls')" ;;
esac
exit 0
`;
    const PATH = await pathWith('pretended', {
      sh: '/bin/sh',
      cat: '/bin/cat',
      basename: '/usr/bin/basename',
      wc: '/usr/bin/wc',
      docker: says('Server 29.0.1'),
      kind: says('kind v0.33.0'),
      kubectl: says('Client Version: v1.36.3'),
      helm: says('v4.3.1'),
      skaffold: says('v2.25.0'),
    });
    const up = ['cluster', 'up', '--profile', 'minimal'];
    const first = await evently(up, { env: { PATH } });
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain('The platform answers on http://127.0.0.1:8080');
    const calls = (await readFile(path.join(at, 'calls'), 'utf8')).trim().split('\n');
    const at1 = (words: string): number => calls.findIndex((call) => call.includes(words));
    const order = [
      'kind create cluster --name evently --config kind-config.yaml',
      'apply --filename k8s/dev/namespaces.yaml',
      '--filename -',
      'apply --filename k8s/dev/policies.yaml',
      'helm upgrade --install cloudnative-pg',
      'apply --filename k8s/dev/postgres.yaml',
      'wait cluster.postgresql.cnpg.io/postgres',
      'get secret postgres-ca',
      'skaffold run --kube-context kind-evently --module platform --profile minimal',
    ].map(at1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    const applied = await readApplied(at);
    const booking = applied.find(({ metadata }) => metadata.name === 'postgres-booking');
    const password = booking?.stringData['password'] ?? '';
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect(calls.join('\n')).not.toContain(password);
    const authority = applied.find(({ metadata }) => metadata.name === 'evently-postgres-ca');
    expect(authority).toMatchObject({
      metadata: { namespace: 'evently' },
      stringData: { 'ca.crt': 'certificate' },
    });

    const coded = { password: Buffer.from(password).toString('base64') };
    await writeFile(path.join(at, 'postgres-booking'), JSON.stringify({ data: coded }));
    await rm(path.join(at, 'calls'));
    const second = await evently(up, { env: { PATH } });
    expect(second.stderr).toContain('The cluster evently is there already.');
    const again = (await readApplied(at)).filter(({ metadata }) => metadata.name === 'postgres-booking');
    expect(new Set(again.map(({ stringData }) => stringData['password']))).toEqual(new Set([password]));
    expect(await readFile(path.join(at, 'calls'), 'utf8')).not.toContain('create cluster');
  });

  test('a step that fails ends it with the command and what it said', async () => {
    const says = (version: string): string => `#!/bin/sh
case "$*" in
  *version*) echo '${version}' ;;
  'get clusters') echo evently ;;
  *namespaces.yaml*) echo 'the server is away' >&2; exit 1 ;;
esac
`;
    const PATH = await pathWith('failing', {
      sh: '/bin/sh',
      docker: says('Server 29.0.1'),
      kind: says('kind v0.33.0'),
      kubectl: says('Client Version: v1.36.3'),
      helm: says('v4.3.1'),
      skaffold: says('v2.25.0'),
    });
    const { code, stderr } = await evently(['cluster', 'up'], { env: { PATH } });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/namespaces\.yaml" failed: the server is away/),
    ]);
  });
});

const appliedSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      stringData: z.record(z.string(), z.string()),
    }),
  ),
});

async function readApplied(at: string): Promise<z.output<typeof appliedSchema>['items']> {
  const names = (await readdir(at)).filter((name) => name.startsWith('applied-'));
  const texts = await Promise.all(names.map((name) => readFile(path.join(at, name), 'utf8')));
  return texts.flatMap((text) => appliedSchema.parse(JSON.parse(text)).items);
}
