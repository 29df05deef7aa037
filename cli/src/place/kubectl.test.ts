import { expect, test } from 'vitest';
import { addressVariables } from '../commands/psql.ts';
import { logArguments, promptArguments } from './kubectl.ts';

const flags = ['--context', 'kind-evently', '--namespace', 'evently'];

test('a prompt runs in a pod of the service, with a terminal only where there is one', () => {
  expect(promptArguments(flags, 'booking', 'sql', true).join(' ')).toBe(
    '--context kind-evently --namespace evently exec --stdin --tty deployment/booking --container booking -- node services/booking/src/main.ts sql',
  );
  expect(promptArguments(flags, 'user', 'redis', false)).not.toContain('--tty');
});

test('logs are those of all pods of one service, or of the platform', () => {
  const asked = { service: 'booking', lines: 10, follow: true };
  expect(logArguments(flags, asked)).toEqual(
    expect.arrayContaining(['--selector=app.kubernetes.io/name=booking', '--tail=10', '--follow']),
  );
  const all = logArguments(flags, { ...asked, service: null, follow: false });
  expect(all).toContain('--selector=app.kubernetes.io/part-of=evently');
  expect(all).not.toContain('--follow');
});

test('psql gets the address in variables, its password decoded', () => {
  expect(addressVariables('postgresql://a%40b:p%2Fw@127.0.0.1:54321/evently_booking')).toMatchObject({
    PGHOST: '127.0.0.1',
    PGPORT: '54321',
    PGUSER: 'a@b',
    PGPASSWORD: 'p/w',
    PGDATABASE: 'evently_booking',
  });
});
