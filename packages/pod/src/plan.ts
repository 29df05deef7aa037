/** What a service tells about itself, so that a pod of it can be composed. */
import type { Caller } from '@evently/kit/caller';
import type { Settings } from '@evently/kit/config';
import type { MigrationSet } from '@evently/kit/migrate';
import type { PlatformDeps } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import type { ServiceName } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type PodDeps<C> = PlatformDeps & {
  config: C;
  /** A caller of another service; only of those that the plan names. */
  callerOf: (name: ServiceName) => Caller;
};

/** A pod of one service. `C` is what the service's settings are read into. */
export type PodPlan<C> = {
  name: ServiceName;
  /** The service's own settings, for tables. */
  settings: Settings;
  /** Throws `ConfigError` with all faults of the service's own settings. */
  read: (env: Environment) => C;
  /** Besides the tables of messages, which every service has. */
  migrations: readonly MigrationSet[];
  port: (config: C) => number;
  /** Connections of the service's pool at most. */
  connections: (config: C) => number;
  /** Services that it calls. */
  calls: readonly ServiceName[];
  create: (deps: PodDeps<C>) => Service;
};

/** The services whose tokens every service accepts; each publishes the keys of its own. */
export const issuers = ['user', 'event'] as const;

/** Services that a pod has to find: those it calls, and the issuers of tokens besides itself. */
export function peersOf(plan: Pick<PodPlan<unknown>, 'name' | 'calls'>): ServiceName[] {
  return [...new Set<ServiceName>([...issuers, ...plan.calls])].filter((name) => name !== plan.name);
}
