/** Settings of the standalone platform: the only reader of its part of the environment. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { flag, integer, origins, readSettings, setting, type SettingValues } from '@evently/kit/config';
import { consoleAccess, metricsAccess } from './access.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export type Environment = Readonly<Record<string, string | undefined>>;

export const standaloneSettings = {
  EVENTLY_DATA_DIR: setting(
    z.string().transform((text) => path.resolve(projectRoot, text)),
    {
      fallback: '.evently',
      about: 'Folder of the databases, secrets, mail and logs; relative to the project',
    },
  ),
  STANDALONE_HOST: setting(z.string().min(1), {
    fallback: '127.0.0.1',
    about: 'Address that every port listens on',
  }),
  STANDALONE_PORT: setting(integer(0, 65_535), {
    fallback: '8080',
    about: 'Port of the gateway and the start page; 0 picks a free one',
  }),
  METRICS_PORT: setting(integer(0, 65_535), {
    fallback: '9464',
    about: 'Port of /metrics for Prometheus; 0 picks a free one',
  }),
  STANDALONE_POSTGRES_PORT: setting(integer(0, 65_535), {
    fallback: '0',
    about: 'Port of the embedded PostgreSQL on 127.0.0.1; 0 picks a free one',
  }),
  STANDALONE_CONSOLE: setting(z.enum(consoleAccess), {
    fallback: 'local',
    about:
      'Who sees /console and the sale reports: local (this machine, and administrators by token), everyone, off',
  }),
  STANDALONE_METRICS: setting(z.enum(metricsAccess), {
    fallback: 'local',
    about: 'Who sees /metrics: local (this machine, and administrators by token), everyone',
  }),
  CORS_ORIGINS: setting(origins(), {
    fallback: 'http://localhost:5173,http://127.0.0.1:5173',
    about: 'Web origins whose pages may call the interface, comma-separated; credentials are never allowed',
  }),
  STANDALONE_SEED: setting(flag(), {
    fallback: '1',
    about: 'Put the demonstration (users, administrator, events) on the platform at the start',
  }),
};
export type StandaloneConfig = SettingValues<typeof standaloneSettings>;

/** Throws `ConfigError`, which lists all faults at once. */
export function readStandaloneConfig(env: Environment): StandaloneConfig {
  return readSettings(standaloneSettings, env);
}

// What a demonstration on one machine sets differently from a service's own defaults.
const demonstration = {
  // A line per request costs time that the drills measure; EVENTLY_LOG_LEVEL=info brings it back.
  EVENTLY_LOG_LEVEL: 'warn',
  EVENTLY_EXEMPT_LOOPBACK: '1',
  // Passwords of seven characters and 11111111 occur in demonstrations.
  IDENTITY_PASSWORD_MIN_LENGTH: '7',
  IDENTITY_COMMON_PASSWORDS: 'allowed',
};

/** The environment that the services' settings are read from: the person's own values win over both others. */
export function serviceEnvironment(env: Environment, secrets: Readonly<Record<string, string>>): Environment {
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  return { ...demonstration, ...secrets, ...Object.fromEntries(given) };
}
