/** The way from an open port to serving: the schema is new enough, the service runs, its keys can be opened. */
import { monotonicMs, pause } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { missingMigrations, type MigrationSet } from '@evently/kit/migrate';
import type { Sql } from '@evently/kit/postgres';
import type { Service } from '@evently/kit/serve';
import type { DatabaseTarget } from './config.ts';
import { readDatabaseFault } from './database-faults.ts';
import { PodFailure } from './failure.ts';
import { keyPath } from './keys.ts';
import type { PodState } from './state.ts';

export type SchemaWaitOptions = {
  db: Sql;
  migrations: readonly MigrationSet[];
  target: DatabaseTarget;
  state: PodState;
  log: Logger;
  longestMs: number;
  /** Aborted when the pod is told to end. */
  ending: AbortSignal;
};

const lookMs = 500;
/** What lasts is told again after so many looks. */
const looksBetweenWords = 60;
const namedMigrations = 3;

/**
 * Waits until the database has every migration that this program knows. Throws `PodFailure` when the server refuses
 * the user, or when the time is over; answers false when the pod is to end.
 */
export async function waitForSchema(options: SchemaWaitOptions): Promise<boolean> {
  const { state, log, longestMs, ending } = options;
  const givesUpAtMs = monotonicMs() + longestMs;
  let told = '';
  for (let look = 0; !ending.aborted; look += 1) {
    const lacking = await lookAtSchema(options);
    if (lacking === null) return true;
    state.wait(lacking);
    if (lacking !== told || look % looksBetweenWords === 0)
      log.warn({ waits_for: lacking }, 'not started yet');
    told = lacking;
    if (monotonicMs() > givesUpAtMs)
      throw new PodFailure(`Gave up after ${longestMs / 1_000} s (POD_START_SECONDS): ${lacking}.`);
    await pause(lookMs, ending);
  }
  return false;
}

/** Null when the schema is new enough, else what is waited for. */
async function lookAtSchema({ db, migrations, target }: SchemaWaitOptions): Promise<string | null> {
  try {
    const missing = await missingMigrations(db, migrations);
    if (missing.length === 0) return null;
    const named = missing.slice(0, namedMigrations).join(', ');
    const more = missing.length > namedMigrations ? ` and ${missing.length - namedMigrations} more` : '';
    return `the schema is older than this program: "main.ts migrate" has to apply ${named}${more}`;
  } catch (error) {
    const fault = readDatabaseFault(error, target.variable, target.url);
    switch (fault.kind) {
      case 'refused':
        throw new PodFailure(`${fault.says}: correct it.`, error);
      case 'missing':
        return `${fault.says}: "main.ts migrate" has to make it`;
      case 'away':
        return fault.says;
    }
  }
}

/**
 * An issuer that cannot open its signing keys would refuse every log-in, so it does not begin. An outage of the
 * database is no such fault.
 */
export async function assertKeysOpen(service: Service): Promise<void> {
  const answer = await service.app.fetch(new Request(`http://${service.name}${keyPath}`));
  await answer.body?.cancel();
  if (answer.status !== 500) return;
  throw new PodFailure(
    'IDENTITY_SECRET does not open the signing key in the database: put the old secret back, or delete the rows of signing_keys, which voids every token.',
  );
}
