/** The benchmark: profiles run several times, results kept as JSON, plots and a table made of them. */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '@evently/kit/clock';
import { openBench, type Bench } from './bench.ts';
import { describeMachine } from './measure/machine.ts';
import { drawPlots } from './plots/plots.ts';
import { findProfiles, profiles } from './profiles/catalogue.ts';
import type { Profile } from './profiles/profile.ts';
import { renderBesides, renderResults } from './report/table.ts';
import { keepResult, type SaleResult } from './result.ts';
import { sell } from './sell.ts';
import { fullSizes, smokeSizes, type Sizes } from './sizes.ts';

const { values } = parseArgs({
  options: {
    profiles: { type: 'string', default: 'all' },
    runs: { type: 'string', default: '5' },
    smoke: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    out: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

const maxRuns = 100;
const maxSeconds = 3_600;
const runs = wholeNumberOf('--runs', values.runs, maxRuns);
const usual = values.smoke ? smokeSizes : fullSizes;
const sizes: Sizes =
  values.seconds === undefined
    ? usual
    : { ...usual, sustainSeconds: wholeNumberOf('--seconds', values.seconds, maxSeconds) };
const startedAt = systemClock.now().toISOString().replaceAll(':', '-');
const folder = new URL(`./results/${values.out ?? `local/${sizes.name}-${startedAt}`}/`, import.meta.url);

if (values.list) for (const { name, about } of profiles) console.log(`${name.padEnd(12)} ${about}`);
else await measureAll();

async function measureAll(): Promise<void> {
  const chosen = findProfiles(values.profiles);
  const results: SaleResult[] = [];
  const shared = chosen.filter((profile) => profile.settings(sizes) === null);
  if (shared.length > 0) results.push(...(await measureOn({}, shared)));
  for (const profile of chosen) {
    const settings = profile.settings(sizes);
    if (settings !== null) results.push(...(await measureOn(settings, [profile])));
  }
  const table = [renderResults(results), renderBesides(results)].filter((part) => part !== '').join('\n\n');
  await writeFile(new URL('table.md', folder), `${table}\n`);
  const plots = drawPlots(results, { cores: os.availableParallelism(), runs });
  for (const [name, svg] of plots) await writeFile(new URL(name, folder), svg);
  console.log(`\n${table}\n`);
  const faulty = results.filter((result) => result.faults.length > 0);
  for (const { profile, variant, run, faults } of faulty) {
    console.error(`${profile}, ${variant}, run ${run}: ${faults.join('; ')}`);
  }
  console.log(`Kept in ${folder.pathname}`);
  process.exitCode = faulty.length === 0 ? 0 : 1;
}

/** All runs of `group` on one platform; the order is turned by one from run to run. */
async function measureOn(
  settings: Readonly<Record<string, string>>,
  group: readonly Profile[],
): Promise<SaleResult[]> {
  const bench = await openBench(settings, sizes, (line) => console.log(line));
  const onSignal = (): void => void bench.close().then(() => process.exit(1));
  process.once('SIGINT', onSignal);
  try {
    await warmUp(bench);
    const machine = await describeMachine(bench.platform.runtime.databases.booking);
    const results: SaleResult[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const turned = group.map((_, at) => group[(at + run - 1) % group.length]);
      for (const profile of turned) {
        if (profile === undefined) continue;
        const measured = await profile.measure(bench, run);
        for (const result of measured) await keepResult(folder, { machine, size: sizes.name, result });
        results.push(...measured);
      }
    }
    return results;
  } finally {
    process.off('SIGINT', onSignal);
    await bench.close();
  }
}

/** The first seconds of a process are its slowest: its code is not compiled and its caches are empty. */
async function warmUp(bench: Bench): Promise<void> {
  const { perSecond, seconds } = sizes.warmUp;
  const buyers = perSecond * seconds;
  await sell(bench, {
    profile: 'warm-up',
    variant: 'not counted',
    run: 0,
    buyers,
    seats: buyers,
    arrivals: { kind: 'even', perSecond },
  });
}

function wholeNumberOf(option: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Error(`${option} must be a whole number from 1 to ${most}, not "${text}"`);
}
