/** The benchmark: profiles run several times, results kept as JSON, plots and tables made of them. */
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@evently/kit/clock';
import { openBench } from './bench.ts';
import { describeMachine } from './measure/machine.ts';
import { findProfiles, profiles } from './profiles/catalogue.ts';
import type { Profile } from './profiles/profile.ts';
import { writeReport } from './report/write-report.ts';
import { keepResults, resultFormat } from './result.ts';
import { warmUp } from './sell.ts';
import { fullSizes, smokeSizes, type Sizes } from './sizes.ts';

const { values } = parseArgs({
  options: {
    profiles: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '5' },
    smoke: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    out: { type: 'string' },
    publish: { type: 'boolean', default: false },
    from: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

const maxRuns = 100;
const maxSeconds = 3_600;
const runs = wholeNumberOf('--runs', values.runs, maxRuns);
const sizes = sizesOf();

if (values.list) for (const { name, about } of profiles) console.log(`${name.padEnd(12)} ${about}`);
else if (values.from !== undefined) await report(folderAt(values.from));
else await measureAll(findProfiles(values.profiles), outputFolder());

async function measureAll(chosen: readonly Profile[], folder: URL): Promise<void> {
  const shared = chosen.filter((profile) => profile.settings(sizes) === null);
  if (shared.length > 0) await measureOn({}, shared, folder);
  for (const profile of chosen) {
    const settings = profile.settings(sizes);
    if (settings !== null) await measureOn(settings, [profile], folder);
  }
  await report(folder);
}

/** All runs of `group` on one platform; the order is turned by one from run to run. */
async function measureOn(
  settings: Readonly<Record<string, string>>,
  group: readonly Profile[],
  folder: URL,
): Promise<void> {
  const bench = await openBench(settings, sizes, (line) => console.log(line));
  const onSignal = (): void => void bench.close().then(() => process.exit(1));
  process.once('SIGINT', onSignal);
  try {
    const { perSecond, seconds } = sizes.warmUp;
    const arrivals = { kind: 'even', perSecond } as const;
    await warmUp(bench, { profile: 'platform', run: 0, buyers: perSecond * seconds, arrivals });
    const machine = await describeMachine(bench.platform.runtime.databases.booking);
    for (let run = 1; run <= runs; run += 1) {
      const turned = group.map((_, at) => group[(at + run - 1) % group.length]);
      for (const profile of turned) {
        if (profile === undefined) continue;
        const results = await profile.measure(bench, run);
        await keepResults(folder, { format: resultFormat, machine, size: sizes.name, settings, results });
      }
    }
  } finally {
    process.off('SIGINT', onSignal);
    await bench.close();
  }
}

/** Tables and plots of everything that `folder` holds, this run's and earlier ones'. */
async function report(folder: URL): Promise<void> {
  const { text, faults } = await writeReport(folder);
  console.log(`\n${text}\n`);
  for (const fault of faults) console.error(fault);
  console.log(`Kept in ${folder.pathname}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function outputFolder(): URL {
  if (values.out !== undefined) return folderAt(values.out);
  const at = systemClock.now().toISOString();
  if (!values.publish) return inResults(`local/${sizes.name}-${at.replaceAll(':', '-')}`);
  const processor = (os.cpus()[0]?.model ?? 'unknown').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return inResults(`published/${at.slice(0, 10)}-${processor}-${os.availableParallelism()}-cores`);
}

function inResults(name: string): URL {
  return new URL(`./results/${name}/`, import.meta.url);
}

/** A folder as a person names it: absolute, or seen from where they are. */
function folderAt(name: string): URL {
  return pathToFileURL(`${path.resolve(name)}/`);
}

function sizesOf(): Sizes {
  const usual = values.smoke ? smokeSizes : fullSizes;
  if (values.seconds === undefined) return usual;
  return { ...usual, sustainSeconds: wholeNumberOf('--seconds', values.seconds, maxSeconds) };
}

function wholeNumberOf(option: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Error(`${option} must be a whole number from 1 to ${most}, not "${text}"`);
}
