/** The benchmark of search: both engines with a large catalog, at an even rate, on this machine. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '@evently/kit/clock';
import { startCluster, type Cluster } from '@evently/postgres/cluster';
import { isContinuousIntegration, obtainEngine } from '@evently/testkit/engines/engine';
import { openSearch } from '@evently/testkit/engines/opensearch';
import { startOpenSearchProcess } from '@evently/testkit/engines/opensearch-process';
import pg from 'pg';
import { BadInput } from '../bad-input.ts';
import { makeCatalog } from './catalog.ts';
import { measureEngine, type EngineResult, type EngineUnderLoad } from './measure-engine.ts';
import { readSearchOptions, type SearchOptions } from './options.ts';
import { startEventService, type PretendEventService } from './pretend-event-service.ts';
import { describeRun, writeSpeed, type SearchRun } from './report.ts';
import { createStarted } from '../started.ts';

const statusOfBadInput = 2;
const bytesPerGb = 1_073_741_824;
/** Java as it runs for a long time: both compilers, the collector for small pauses. */
const servingFlags = '-XX:+UseG1GC -XX:MaxGCPauseMillis=10';
const say = (line: string): void => console.log(line);

const started = createStarted();
let isGivenUp = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp());

try {
  await measure(readSearchOptions(process.argv.slice(2)));
} catch (error) {
  // What fails because somebody ended it is no news.
  if (!isGivenUp) tell(error);
}

function tell(error: unknown): void {
  if (!(error instanceof BadInput)) throw error;
  console.error(error.message);
  process.exitCode = statusOfBadInput;
}

/** Whoever ends the benchmark ends what it has started: PostgreSQL has a session of its own and hears of no signal. */
async function giveUp(): Promise<void> {
  isGivenUp = true;
  say('ending what was started');
  await started.endAll().catch((error: unknown) => console.error(error));
  process.exit(1);
}

async function measure(options: SearchOptions): Promise<void> {
  const now = systemClock.now();
  const apiKey = randomBytes(16).toString('hex');
  try {
    const { it: folder } = await started.start(
      () => mkdtemp(path.join(os.tmpdir(), 'evently-bench-search-')),
      (made) => rm(made, { recursive: true, force: true }),
    );
    // PostgreSQL runs as another user when this runs as root.
    await chmod(folder, 0o755);
    const { it: cluster } = await started.start(
      () => startCluster({ directory: path.join(folder, 'postgres'), port: 0, settings: {} }),
      ({ stop }) => stop(),
    );
    const { it: events } = await started.start(
      () => startEventService(makeCatalog(options.events, now.getTime())),
      ({ close }) => close(),
    );
    const results: EngineResult[] = [];
    for (const engine of options.engines)
      results.push(...(await measureOne(engine, { options, apiKey, events, cluster })));
    await report({ at: now.toISOString(), machine: describeMachine(), options, results });
  } finally {
    await started.endAll();
  }
}

type Measuring = { options: SearchOptions; apiKey: string; events: PretendEventService; cluster: Cluster };

async function measureOne(kind: EngineUnderLoad['kind'], measuring: Measuring): Promise<EngineResult[]> {
  const { options, apiKey, events, cluster } = measuring;
  const databaseUrl = await makeDatabase(cluster, kind);
  const beside = { apiKey, events, started, say };
  const settings = {
    EVENTLY_LOG_LEVEL: 'warn',
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_READS_PER_MINUTE: '0',
    BENCH_EVENT_URL: events.url,
    SEARCH_DATABASE_URL: databaseUrl,
    SEARCH_ENGINE: kind,
    SEARCH_KEEP_MS: '0',
    SEARCH_COMPARE_SECONDS: '86400',
  };
  if (kind === 'postgres')
    return [await measureEngine({ kind, settings, enginePid: cluster.pid }, options, beside)];
  const found = await obtainEngine(openSearch, say);
  if (found.kind === 'missing') {
    if (isContinuousIntegration(process.env)) throw new Error(found.reason);
    say(`OpenSearch is missing, and is not measured: ${found.reason}`);
    return [];
  }
  const { it: node, end } = await started.start(
    () => startOpenSearchProcess({ program: found.program, javaFlags: servingFlags }),
    ({ stop }) => stop(),
  );
  try {
    const engine = { kind, settings: { ...settings, OPENSEARCH_URL: node.url }, enginePid: node.pid() ?? 0 };
    return [await measureEngine(engine, options, beside)];
  } finally {
    await end();
  }
}

async function makeDatabase(cluster: Cluster, kind: string): Promise<string> {
  const name = `search_${kind}`;
  const client = new pg.Client({ connectionString: cluster.url('postgres'), connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return cluster.url(name);
}

function describeMachine(): SearchRun['machine'] {
  return {
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / bytesPerGb),
    node: process.version,
    load: os.loadavg(),
  };
}

async function report(run: SearchRun): Promise<void> {
  const place = run.options.isPublished ? 'published' : 'local';
  const folder = new URL(`../results/${place}/search-${run.at.replaceAll(':', '-')}/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('search.json', folder), `${JSON.stringify(run, null, 2)}\n`);
  if (run.options.isPublished) await writeSpeed(run);
  say(`\n${describeRun(run)}\n\nKept in ${folder.pathname}`);
}
