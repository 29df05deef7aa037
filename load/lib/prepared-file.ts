/** The file between what prepares a run and the script that runs: written by Node, read by k6. */
import { scriptNames, type ScriptName, type Sizes } from './sizes.ts';

/** Holds access tokens: the file is readable by its owner only. */
export type Prepared = {
  script: ScriptName;
  base_url: string;
  sizes: Sizes;
  events: { event_id: string; seats: number }[];
  tokens: string[];
};

/** Throws a sentence when `text` is not such a file, or one for another script. */
export function parsePrepared(text: string, file: string, script: ScriptName): Prepared {
  const parsed: unknown = JSON.parse(text);
  if (!isPrepared(parsed))
    throw new Error(`${file} is not what load/prepare.ts writes: prepare the run again.`);
  if (parsed.script !== script)
    throw new Error(`${file} was prepared for ${parsed.script}, not for ${script}.`);
  return parsed;
}

function isPrepared(value: unknown): value is Prepared {
  return (
    isObject(value) &&
    'script' in value &&
    scriptNames.some((name) => name === value.script) &&
    'base_url' in value &&
    typeof value.base_url === 'string' &&
    'sizes' in value &&
    isSizes(value.sizes) &&
    'events' in value &&
    isListOf(value.events, isEvent) &&
    'tokens' in value &&
    isListOf(value.tokens, (token) => typeof token === 'string')
  );
}

function isSizes(value: unknown): boolean {
  const names = ['rate', 'startRate', 'readRate', 'seconds', 'events', 'seats'];
  return isObject(value) && names.every((name) => Number.isInteger(Reflect.get(value, name)));
}

function isEvent(value: unknown): boolean {
  return (
    isObject(value) &&
    'event_id' in value &&
    typeof value.event_id === 'string' &&
    'seats' in value &&
    Number.isInteger(value.seats)
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
