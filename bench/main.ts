/** The benchmark: profiles run several times, results kept as JSON, plots and tables made of them. */
import { systemClock } from '@evently/kit/clock';
import { BadInput } from './bad-input.ts';
import { openBench } from './bench.ts';
import { describeMachine } from './measure/machine.ts';
import { readCommand, type Command } from './options.ts';
import { profiles } from './profiles/catalogue.ts';
import type { Profile } from './profiles/profile.ts';
import { writeReport } from './report/write-report.ts';
import { keepResults, resultFormat } from './result.ts';
import { warmUp } from './sell.ts';
import { createStarted, type Started } from './started.ts';

type Measuring = Extract<Command, { kind: 'measure' }>;
const statusOfBadInput = 2;
/** Each ends what is measured, too. */
const signals = ['SIGINT', 'SIGTERM'] as const;

try {
  await obey(readCommand(process.argv.slice(2), systemClock.now()));
} catch (error) {
  if (!(error instanceof BadInput)) throw error;
  console.error(error.message);
  process.exitCode = statusOfBadInput;
}

async function obey(command: Command): Promise<void> {
  switch (command.kind) {
    case 'list':
      for (const { name, about } of profiles) console.log(`${name.padEnd(12)} ${about}`);
      return;
    case 'report':
      return report(command.folder);
    case 'measure':
      return measureAll(command);
  }
}

async function measureAll(plan: Measuring): Promise<void> {
  const shared = plan.profiles.filter((profile) => profile.settings(plan.sizes) === null);
  if (shared.length > 0) await measureOn({}, shared, plan);
  for (const profile of plan.profiles) {
    const settings = profile.settings(plan.sizes);
    if (settings !== null) await measureOn(settings, [profile], plan);
  }
  await report(plan.folder);
}

/**
 * Each run on a platform of its own, the order turned by one from run to run: what is measured must not depend on the
 * millions that runs before have sold.
 */
async function measureOn(
  settings: Readonly<Record<string, string>>,
  group: readonly Profile[],
  { firstRun, runs, sizes, folder }: Measuring,
): Promise<void> {
  for (let run = firstRun; run < firstRun + runs; run += 1) {
    const first = (run - 1) % group.length;
    const inOrder = [...group.slice(first), ...group.slice(0, first)];
    await measureRun(settings, inOrder, { run, sizes, folder });
  }
}

async function measureRun(
  settings: Readonly<Record<string, string>>,
  inOrder: readonly Profile[],
  { run, sizes, folder }: Pick<Measuring, 'sizes' | 'folder'> & { run: number },
): Promise<void> {
  const started = createStarted();
  const onSignal = (): void => void giveUp(started);
  for (const signal of signals) process.once(signal, onSignal);
  try {
    const bench = await openBench(settings, sizes, (line) => console.log(line), started);
    const { perSecond, seconds } = sizes.warmUp;
    const arrivals = { kind: 'even', perSecond } as const;
    await warmUp(bench, { profile: 'platform', run: 0, buyers: perSecond * seconds, arrivals });
    const machine = await describeMachine(bench.platform.runtime.databases.booking);
    for (const profile of inOrder) {
      const results = await profile.measure(bench, run);
      await keepResults(folder, { format: resultFormat, machine, size: sizes.name, settings, results });
    }
  } finally {
    await started.endAll();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** PostgreSQL has a session of its own and hears of no signal; servers hear of those that a terminal sends. */
async function giveUp(started: Started): Promise<void> {
  console.log('ending what was started');
  await started.endAll().catch((error: unknown) => console.error(error));
  process.exit(1);
}

/** Tables and plots of everything that `folder` holds, this run's and earlier ones'. */
async function report(folder: URL): Promise<void> {
  const { text, faults } = await writeReport(folder);
  console.log(`\n${text}\n`);
  for (const fault of faults) console.error(fault);
  console.log(`Kept in ${folder.pathname}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
