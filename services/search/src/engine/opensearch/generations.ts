/** Generations of the index: which one answers, which one fills, and the switch between them in one step. */
import { randomBytes } from 'node:crypto';
import { EngineAway, type Change, type Rebuild } from '../port.ts';
import { aliasAnswer } from './answers.ts';
import type { OpenSearchConnection } from './connection.ts';
import { indexBody, settingsWhenPublished } from './index-settings.ts';
import { AliasGone, writeChanges } from './writing.ts';

export type IndexDeps = {
  connection: OpenSearchConnection;
  /** The alias that is asked; the generation that fills is behind `<alias>-next`. */
  alias: string;
  /** For a bulk or one of its reads. */
  writeMs: number;
  /** For making, refreshing, switching and dropping indices. */
  manageMs: number;
};

const notFound = 404;
const badRequest = 400;
const refusals = 300;
const maxSwitches = 5;
/** An index that filled unseen is made searchable at once: a busy machine took 40 s for 100,000 events. */
const firstRefreshMs = 180_000;

const nextOf = (alias: string): string => `${alias}-next`;
/** An alias that an index has as long as it exists, and no other ever has: writing through it makes no index. */
const writingOf = (index: string): string => `${index}.write`;

const firstOf = (alias: string): string => `${alias}-first`;
const randomBytesOfName = 6;

/** Only names that this service makes: another platform's alias may go on where this one ends. */
function isGeneration(alias: string, index: string): boolean {
  const rest = index.slice(alias.length + 1);
  return index === firstOf(alias) || (rest.length === 2 * randomBytesOfName && /^[0-9a-f]+$/.test(rest));
}

/** `left`: whoever published its successor was ended before it could drop it; nothing asks or fills it any more. */
export type Generations = { present: string[]; next: string[]; left: string[] };

/** Names of indices behind the two aliases, and behind neither. */
export async function readGenerations(deps: IndexDeps): Promise<Generations> {
  const { connection, alias } = deps;
  // A pattern that matches nothing is an empty answer; a name that is not there would be a refusal.
  const { status, body } = await connection.call({
    method: 'GET',
    path: `/${alias}-*/_alias`,
    deadlineMs: deps.writeMs,
  });
  if (status === notFound) return { present: [], next: [], left: [] };
  expectDone(status, body, 'aliases');
  const indices = Object.entries(aliasAnswer.parse(body));
  const behind = (name: string): string[] =>
    indices.filter(([, { aliases }]) => name in aliases).map(([index]) => index);
  const [present, next] = [behind(alias), behind(nextOf(alias))];
  const left = indices
    .filter(([index, { aliases }]) => isGeneration(alias, index) && writingOf(index) in aliases)
    .map(([index]) => index)
    .filter((index) => !present.includes(index) && !next.includes(index));
  return { present, next, left };
}

/** Whether somebody else's write, or a restored copy, made an index of the alias's own name: then there can be no alias. */
export async function isNameTaken({ connection, alias, writeMs }: IndexDeps): Promise<boolean> {
  const { status, body } = await connection.call({
    method: 'GET',
    path: `/${alias}/_alias`,
    deadlineMs: writeMs,
  });
  if (status === notFound) return false;
  expectDone(status, body, `the aliases of ${alias}`);
  return alias in aliasAnswer.parse(body);
}

/** Makes an empty generation that answers where there is none. Two that do it at once make one. */
export async function prepareIndex(deps: IndexDeps): Promise<void> {
  const { present } = await readGenerations(deps);
  if (present.length > 0) return;
  const { status, body } = await deps.connection.call({
    method: 'PUT',
    path: `/${firstOf(deps.alias)}`,
    body: indexBody([deps.alias, writingOf(firstOf(deps.alias))], 'answering'),
    deadlineMs: deps.manageMs,
  });
  const isThere = status === badRequest && JSON.stringify(body).includes('resource_already_exists_exception');
  if (!isThere) expectDone(status, body, 'the first index');
}

/**
 * To the generation that answers and to the one that fills. When one is dropped meanwhile, it is done again: changes
 * may be repeated. Rejects with `EngineAway` when there is neither.
 */
export async function applyEverywhere(deps: IndexDeps, changes: readonly Change[]): Promise<void> {
  for (let attempt = 0; attempt < maxSwitches; attempt += 1) {
    const { present, next } = await readGenerations(deps);
    if (present.length + next.length === 0) break;
    try {
      for (const index of [...present, ...next]) await write(deps, index, changes, false);
      return;
    } catch (error) {
      if (!(error instanceof AliasGone)) throw error;
    }
  }
  throw new EngineAway(`OpenSearch has no index behind ${deps.alias}; it must be built again`);
}

function write(deps: IndexDeps, index: string, changes: readonly Change[], isNew: boolean): Promise<void> {
  return writeChanges(
    { connection: deps.connection, deadlineMs: deps.writeMs },
    writingOf(index),
    changes,
    isNew,
  );
}

/** Begins one that fills beside the present one; what an earlier one left is dropped. */
export async function beginRebuild(deps: IndexDeps): Promise<Rebuild> {
  const { next, left } = await readGenerations(deps);
  for (const index of [...next, ...left]) await dropIndex(deps, index);
  const index = `${deps.alias}-${randomBytes(randomBytesOfName).toString('hex')}`;
  const { status, body } = await deps.connection.call({
    method: 'PUT',
    path: `/${index}`,
    body: indexBody([nextOf(deps.alias), writingOf(index)], 'filling'),
    deadlineMs: deps.manageMs,
  });
  expectDone(status, body, 'a new index');
  let replaced: readonly string[] = [];
  return {
    generation: index,
    apply: (changes) =>
      write(deps, index, changes, true).catch((error: unknown) => {
        // Somebody began another one, or it was lost: this one has nothing to publish any more.
        throw error instanceof AliasGone ? new EngineAway(`the index ${index} is gone`, error) : error;
      }),
    publish: async () => {
      replaced = await publish(deps, index);
    },
    tidy: async () => {
      for (const former of replaced) await dropIndex(deps, former);
    },
    abandon: async () => {
      const { present } = await readGenerations(deps);
      if (!present.includes(index)) await dropIndex(deps, index);
    },
  };
}

/** Answers which indices it has replaced. */
async function publish(deps: IndexDeps, index: string): Promise<readonly string[]> {
  await manage(deps, 'PUT', `/${index}/_settings`, settingsWhenPublished);
  await manage(deps, 'POST', `/${index}/_refresh`, undefined, firstRefreshMs);
  const { present } = await readGenerations(deps);
  const taken = await isNameTaken(deps);
  await manage(deps, 'POST', '/_aliases', {
    actions: [
      // What has the name is not of this service, which writes to none: nothing that counts is lost with it.
      ...(taken ? [{ remove_index: { index: deps.alias } }] : []),
      ...present.map((former) => ({ remove: { index: former, alias: deps.alias } })),
      { remove: { index, alias: nextOf(deps.alias) } },
      { add: { index, alias: deps.alias } },
    ],
  });
  return present;
}

async function manage(
  deps: IndexDeps,
  method: 'PUT' | 'POST',
  path: string,
  body?: object,
  deadlineMs = deps.manageMs,
): Promise<void> {
  const answer = await deps.connection.call({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    deadlineMs,
  });
  if (answer.status === notFound) throw new EngineAway(`OpenSearch has lost an index: ${method} ${path}`);
  expectDone(answer.status, answer.body, `${method} ${path}`);
}

/** Dropping what is gone is done. */
async function dropIndex({ connection, manageMs }: IndexDeps, index: string): Promise<void> {
  const { status, body } = await connection.call({
    method: 'DELETE',
    path: `/${index}`,
    deadlineMs: manageMs,
  });
  if (status !== notFound) expectDone(status, body, `dropping ${index}`);
}

function expectDone(status: number, body: unknown, what: string): void {
  if (status >= refusals)
    throw new Error(`OpenSearch refuses ${what} with ${status}: ${JSON.stringify(body).slice(0, 500)}`);
}
