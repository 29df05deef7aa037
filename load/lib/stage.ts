/** What a script works with, opened once for all of its virtual users: events, tokens, sizes, addresses. */
import { SharedArray } from 'k6/data';
import { parseGoals, type Goals } from './goals.ts';
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
  /** What the objectives ask for; with P99_MS every latency is that instead. */
  goals: Goals;
  summaryFile: string;
};

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
    goals: readGoals(),
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

/** The file of the objectives, or the one that OBJECTIVES names where this folder stands alone, as in its image. */
function readGoals(): Goals {
  const file = pathOf(__ENV['OBJECTIVES']) ?? pathFrom('../../monitoring/slo/objectives.json');
  const goals = parseGoals(readText(file, 'Name the file of the objectives in OBJECTIVES.'), file);
  const given = __ENV['P99_MS'] ?? '';
  if (given === '') return goals;
  const withinMs = wholeNumber('P99_MS', given, 0, mostMs);
  const { reserve, confirm, browse } = goals;
  return {
    reserve: { ...reserve, withinMs },
    confirm: { ...confirm, withinMs },
    browse: { ...browse, withinMs },
  };
}

function readPrepared(file: string, script: ScriptName): Prepared {
  const advice = `Prepare the run first: node_modules/.bin/node load/prepare.ts ${script}`;
  return parsePrepared(readText(file, advice), file, script);
}

function readText(file: string, advice: string): string {
  try {
    return open(file);
  } catch {
    throw new Error(`${file} cannot be read. ${advice}`);
  }
}

/** Where `load/prepare.ts` writes when nobody says otherwise. */
function pathBeside(script: ScriptName): string {
  return pathFrom(`../../.cache/load/${script}.json`);
}

/** Relative to this file. */
function pathFrom(relative: string): string {
  return import.meta.resolve(relative).replace(/^file:\/\//, '');
}

/** Relative to where k6 was started. */
function pathOf(given: string | undefined): string | null {
  if (given === undefined || given === '') return null;
  return given.startsWith('/') ? given : `${__ENV['PWD'] ?? '.'}/${given}`;
}
