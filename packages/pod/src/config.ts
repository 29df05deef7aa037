/** Reads the settings of one pod, so that all faults are listed together, and shows them without secrets. */
import {
  ConfigError,
  describeSettings,
  readSettings,
  type SettingDescription,
  type Settings,
} from '@evently/kit/config';
import { messagingMigrations, type MigrationSet } from '@evently/kit/migrate';
import { platformSettings, type PlatformConfig } from '@evently/kit/platform';
import { peersOf, type Environment, type PodPlan } from './plan.ts';
import {
  addressSettings,
  addressVariable,
  databaseSetting,
  databaseVariable,
  podSettings,
  replicaSetting,
  replicaVariable,
  type PodSettings,
  type ServiceName,
} from './settings.ts';

export type PodConfig<C> = {
  platform: PlatformConfig;
  pod: PodSettings;
  own: C;
  database: DatabaseTarget;
  /** Null without a replica. */
  replicaUrl: string | null;
  addressOf: (name: ServiceName) => string;
};

/** Throws one `ConfigError` with the faults of all parts. */
export function readPodConfig<C>(plan: PodPlan<C>, env: Environment): PodConfig<C> {
  const faults: string[] = [];
  const read = <T>(reader: (environment: Environment) => T): T | null => {
    try {
      return reader(env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return null;
    }
  };
  const platform = read((environment) => readSettings(platformSettings, environment));
  const pod = read((environment) => readSettings(podSettings, environment));
  const addresses = read((environment) => readSettings(addressSettings(peersOf(plan)), environment));
  const database = read((environment) =>
    readSettings(databaseSetting(plan.name, plan.settings), environment),
  );
  const replica = read((environment) => readSettings(replicaSetting(plan.name), environment));
  const own = read(plan.read);
  if (pod !== null && pod.REDIS_CA_FILE !== '' && !pod.REDIS_URL.startsWith('rediss://'))
    faults.push(
      'REDIS_CA_FILE: is only for an address that begins with rediss://; change REDIS_URL or leave it out',
    );
  if (
    faults.length > 0 ||
    platform === null ||
    pod === null ||
    addresses === null ||
    database === null ||
    replica === null ||
    own === null
  ) {
    // A variable that both the service and the pod look at is named once.
    throw new ConfigError([...new Set(faults)]);
  }
  return {
    platform,
    pod,
    own,
    database: {
      variable: databaseVariable(plan.name),
      url: valueOf(database, databaseVariable(plan.name)),
      caFile: orNone(pod.POSTGRES_CA_FILE),
    },
    replicaUrl: orNone(valueOf(replica, replicaVariable(plan.name))) ?? null,
    addressOf: (name) => valueOf(addresses, addressVariable(name)),
  };
}

function valueOf(values: Readonly<Record<string, string>>, variable: string): string {
  const value = values[variable];
  if (value === undefined)
    throw new Error(`${variable} is no setting of this pod: its plan must name the service`);
  return value;
}

/** Every setting that a pod of `plan` reads, in the order of reading. */
export function settingsOf<C>(plan: PodPlan<C>): Settings {
  return {
    ...platformSettings,
    ...podSettings,
    ...addressSettings(peersOf(plan)),
    ...plan.settings,
    ...replicaSetting(plan.name),
  };
}

/** Where a database is. `caFile` is absent when the system's authorities are believed, or TLS is off. */
export type DatabaseTarget = { variable: string; url: string; caFile: string | undefined };

/** What `main.ts migrate` reads: the database and nothing else, so that its Job needs no other secret. */
export function readMigrateConfig<C>(plan: PodPlan<C>, env: Environment): DatabaseTarget {
  const { POSTGRES_CA_FILE } = readSettings({ POSTGRES_CA_FILE: podSettings.POSTGRES_CA_FILE }, env);
  const variable = databaseVariable(plan.name);
  const values = readSettings(databaseSetting(plan.name, plan.settings), env);
  return { variable, url: valueOf(values, variable), caFile: orNone(POSTGRES_CA_FILE) };
}

/** An empty setting names nothing. */
export function orNone(text: string): string | undefined {
  return text === '' ? undefined : text;
}

export function migrationsOf<C>(plan: PodPlan<C>): MigrationSet[] {
  return [messagingMigrations, ...plan.migrations];
}

/** The settings as a table for a terminal: name, present value and unit in columns, what it is for below. */
export function tabulateSettings<C>(plan: PodPlan<C>, env: Environment): string {
  const rows = describeSettings(settingsOf(plan), env);
  const width = (cell: (row: SettingDescription) => string): number =>
    Math.max(...rows.map((row) => cell(row).length));
  const names = width((row) => row.name);
  const values = width(shownValue);
  return rows
    .flatMap((row) => [
      `${row.name.padEnd(names)}  ${shownValue(row).padEnd(values)}  ${row.unit}`.trimEnd(),
      `    ${row.about}${shownDefault(row)}`,
    ])
    .join('\n');
}

function shownValue({ value, fallback }: SettingDescription): string {
  if (value !== '') return value;
  return fallback === '(required)' ? '(not set)' : '(empty)';
}

function shownDefault({ value, fallback }: SettingDescription): string {
  if (fallback === '(required)') return ' (required)';
  return fallback === '' || fallback === value ? '' : ` (default ${fallback})`;
}
