/** What a script works with, opened once for all of its virtual users: events, tokens, sizes, addresses. */
import { SharedArray } from 'k6/data';
import { parsePrepared, type Prepared } from './prepared-file.ts';
import { changedSizes, wholeNumber, type ScriptName, type Sizes } from './sizes.ts';

export type StagedEvent = { eventId: string; seats: number };
export type Stage = {
  script: ScriptName;
  sizes: Sizes;
  baseUrl: string;
  events: readonly StagedEvent[];
  first: StagedEvent;
  tokens: readonly string[];
  /** The latency, in milliseconds, that one request in a hundred may exceed. */
  p99Ms: number;
  summaryFile: string;
};

const usualP99Ms = 2_000;
const mostMs = 600_000;

/** Only in the init context, as k6 calls what runs before the first virtual user. */
export function openStage(script: ScriptName): Stage {
  const file = pathOf(__ENV['PREPARED']) ?? pathBeside(script);
  const rest = new SharedArray<Omit<Prepared, 'tokens'>>('stage', () => {
    const { tokens: _, ...others } = readPrepared(file, script);
    return [others];
  })[0];
  const tokens = new SharedArray<string>('tokens', () => readPrepared(file, script).tokens);
  const events = (rest?.events ?? []).map(({ event_id, seats }) => ({ eventId: event_id, seats }));
  const first = events[0];
  if (rest === undefined || first === undefined) throw new Error(`${file} names no event: prepare it again.`);
  const changed = changedSizes(script, rest.sizes, __ENV);
  if (changed.length > 0)
    throw new Error(`${file} was prepared with ${changed.join(' ')}: prepare it again to change that.`);
  return {
    script,
    sizes: rest.sizes,
    baseUrl: (__ENV['BASE_URL'] ?? rest.base_url).replace(/\/+$/, ''),
    events,
    first,
    tokens,
    p99Ms: wholeNumber('P99_MS', __ENV['P99_MS'] ?? String(usualP99Ms), 0, mostMs),
    summaryFile: pathOf(__ENV['SUMMARY']) ?? file.replace(/\.json$/, '-summary.json'),
  };
}

/** Buyer by number; there is one for every arrival that was asked for. */
export function tokenAt(stage: Stage, buyer: number): string {
  const token = stage.tokens[buyer];
  if (token === undefined) throw new Error(`There are only ${stage.tokens.length} buyers: prepare more.`);
  return token;
}

/** Events in turn. */
export function eventAt(stage: Stage, index: number): StagedEvent {
  return stage.events[index % stage.events.length] ?? stage.first;
}

function readPrepared(file: string, script: ScriptName): Prepared {
  let text = '';
  try {
    text = open(file);
  } catch {
    throw new Error(
      `${file} cannot be read. Prepare the run first: node_modules/.bin/node load/prepare.ts ${script}`,
    );
  }
  return parsePrepared(text, file, script);
}

/** Where `load/prepare.ts` writes when nobody says otherwise. */
function pathBeside(script: ScriptName): string {
  return import.meta.resolve(`../../.cache/load/${script}.json`).replace(/^file:\/\//, '');
}

/** Relative to where k6 was started. */
function pathOf(given: string | undefined): string | null {
  if (given === undefined || given === '') return null;
  return given.startsWith('/') ? given : `${__ENV['PWD'] ?? '.'}/${given}`;
}
