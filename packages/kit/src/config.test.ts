import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, describeSettings, flag, integer, list, readSettings, setting } from './config.ts';

const settings = {
  PORT: setting(integer(1, 65_535), { fallback: '8080', unit: 'port', about: 'Where it listens' }),
  SECRET: setting(z.string().min(16, 'must have 16 characters or more'), { secret: true, about: 'A secret' }),
  ORIGINS: setting(list(), { fallback: '', about: 'Some origins' }),
  ON: setting(flag(), { fallback: '0', about: 'A switch' }),
};
const secret = 'a secret of enough length';

test('values are parsed, an empty variable counts as not set', () => {
  const values = readSettings(settings, { PORT: '', SECRET: secret, ORIGINS: ' a , b,', ON: 'true' });
  expect(values).toEqual({ PORT: 8080, SECRET: secret, ORIGINS: ['a', 'b'], ON: true });
});

test('all faults are listed at once, and a secret is never among them', () => {
  const read = (): unknown => readSettings(settings, { PORT: '70000', SECRET: 'short', ON: 'maybe' });
  expect(read).toThrow(ConfigError);
  try {
    read();
  } catch (error) {
    const said = error instanceof ConfigError ? error.message : '';
    expect(said).toContain('3 fault(s)');
    expect(said).toContain('PORT: "70000" must be from 1 to 65535');
    expect(said).toContain('SECRET: its value must have 16 characters or more');
    expect(said).not.toContain('short');
  }
  expect(() => readSettings(settings, {})).toThrow('SECRET is not set: A secret');
});

test.each(['1.5', '1e3', ' 1', '0x10', '99999999999999999'])('%s is no whole number', (text) => {
  expect(integer(0, 10_000).safeParse(text).success).toBe(false);
});

test('people see what is set, and of a secret only that', () => {
  const rows = describeSettings(settings, { SECRET: secret, PORT: '9' });
  expect(rows.find((row) => row.name === 'SECRET')).toMatchObject({ value: '(set, hidden)', fallback: '' });
  expect(rows.find((row) => row.name === 'PORT')).toMatchObject({
    value: '9',
    fallback: '8080',
    unit: 'port',
  });
  expect(JSON.stringify(rows)).not.toContain(secret);
});
