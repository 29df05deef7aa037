/** What the command line of the benchmark asks for. */
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { BadInput } from './bad-input.ts';
import { findProfiles } from './profiles/catalogue.ts';
import type { Profile } from './profiles/profile.ts';
import { fullSizes, smokeSizes, type Sizes } from './sizes.ts';

export type Command =
  | { kind: 'list' }
  /** Tables and plots of a folder once more. */
  | { kind: 'report'; folder: URL }
  | {
      kind: 'measure';
      profiles: readonly Profile[];
      firstRun: number;
      runs: number;
      sizes: Sizes;
      folder: URL;
    };

const options = {
  profiles: { type: 'string', default: 'all' },
  runs: { type: 'string', default: '5' },
  'first-run': { type: 'string', default: '1' },
  smoke: { type: 'boolean', default: false },
  seconds: { type: 'string' },
  out: { type: 'string' },
  publish: { type: 'boolean', default: false },
  from: { type: 'string' },
  list: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

const maxRuns = 100;
const maxSeconds = 3_600;

/** Throws `BadInput` for what cannot be. `now` names the folder of the results. */
export function readCommand(args: readonly string[], now: Date): Command {
  const values = parse(args);
  if (values.list) return { kind: 'list' };
  if (values.from !== undefined) return { kind: 'report', folder: folderAt(values.from) };
  if (values.publish && values.smoke) throw new BadInput('--publish keeps full runs only, not --smoke');
  if (values.publish && values.out !== undefined) throw new BadInput('give --publish or --out, not both');
  const usual = values.smoke ? smokeSizes : fullSizes;
  const sizes =
    values.seconds === undefined
      ? usual
      : { ...usual, sustainSeconds: wholeNumberOf('--seconds', values.seconds, maxSeconds) };
  const at = now.toISOString();
  const folder =
    values.out !== undefined
      ? folderAt(values.out)
      : inResults(
          values.publish ? `published/${placeName(at)}` : `local/${sizes.name}-${at.replaceAll(':', '-')}`,
        );
  const runs = wholeNumberOf('--runs', values.runs, maxRuns);
  const firstRun = wholeNumberOf('--first-run', values['first-run'], maxRuns);
  return { kind: 'measure', profiles: findProfiles(values.profiles), firstRun, runs, sizes, folder };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new BadInput(error instanceof Error ? error.message : String(error));
  }
}

/** The day and the machine. */
function placeName(at: string): string {
  const processor = (os.cpus()[0]?.model ?? 'unknown').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${at.slice(0, 10)}-${processor}-${os.availableParallelism()}-cores`;
}

function inResults(name: string): URL {
  return new URL(`./results/${name}/`, import.meta.url);
}

/** A folder as a person names it: absolute, or seen from where they are. */
function folderAt(name: string): URL {
  return pathToFileURL(`${path.resolve(name)}/`);
}

function wholeNumberOf(option: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new BadInput(`${option} must be a whole number from 1 to ${most}, not "${text}"`);
}
