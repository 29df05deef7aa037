import { expect, test } from 'vitest';
import { postgresAddress } from './postgres-address.ts';

const url = 'postgres://evently:secret@db.example/evently_booking';

test('an address that says nothing of TLS is not encrypted, whatever the environment says', () => {
  expect(postgresAddress(url)).toEqual({ connectionString: url, ssl: false });
  expect(postgresAddress(`${url}?sslmode=disable`).ssl).toBe(false);
});

test('verify-full checks the certificate, and leaves nothing in the address that overrules it', () => {
  const { connectionString, ssl } = postgresAddress(`${url}?sslmode=verify-full&application_name=x`);
  expect(connectionString).toBe(`${url}?application_name=x`);
  expect(ssl).toMatchObject({ rejectUnauthorized: true });
});

test.each(['allow', 'prefer', 'require', 'verify-ca', 'no-verify', 'anything'])(
  'sslmode=%s is refused: it does not make sure who answers',
  (mode) => {
    expect(() => postgresAddress(`${url}?sslmode=${mode}`)).toThrow(
      `sslmode=${mode} does not make sure who answers: write sslmode=verify-full`,
    );
  },
);

test.each(['ssl=true', 'ssl=no-verify', 'uselibpqcompat=true', 'sslkey=/x'])(
  '%s cannot weaken verify-full',
  (parameter) => {
    expect(() => postgresAddress(`${url}?sslmode=verify-full&${parameter}`)).toThrow('cannot be used');
  },
);

test('an authority beside an address without TLS is refused, because somebody thinks that it is encrypted', () => {
  expect(() => postgresAddress(url, '/etc/ca.pem')).toThrow('add sslmode=verify-full');
  expect(postgresAddress(`${url}?sslmode=disable`, '/etc/ca.pem').ssl).toBe(false);
});

test('a file that is no authority is named, and no fault shows the password', () => {
  const faults = [
    [
      `${url}?sslmode=verify-full`,
      '/does/not/exist.pem',
      'POSTGRES_CA_FILE: /does/not/exist.pem cannot be read',
    ],
    [`${url}?sslmode=verify-full`, import.meta.filename, 'holds no certificate'],
    ['no address with secret', undefined, 'it is no URL'],
  ] as const;
  for (const [address, caFile, says] of faults) {
    const failing = (): unknown => postgresAddress(address, caFile);
    expect(failing).toThrow(says);
    expect(failing).not.toThrow('secret');
  }
});
