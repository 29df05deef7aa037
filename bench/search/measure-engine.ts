/** Measures one engine: building its index, searches with facets, suggestions, memory. */
import { once } from 'node:events';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { createLatencyRecorder, type LatencySummary } from 'evently/generator/latency';
import { runOpenLoop } from 'evently/generator/open-loop';
import { parseTarget, requestBytes, type Target } from 'evently/generator/request-bytes';
import { startServerProcess } from '../child-process.ts';
import { sumCpuSeconds } from '../measure/processes.ts';
import { makeBeginnings, makeSearches } from './catalog.ts';
import { sharedMemoryMb } from './memory.ts';
import type { SearchOptions } from './options.ts';
import type { PretendEventService } from './pretend-event-service.ts';
import type { Started } from '../started.ts';

export type EngineUnderLoad = {
  kind: 'postgres' | 'opensearch';
  settings: Readonly<Record<string, string>>;
  /** Process of the engine, its children counted with it. */
  enginePid: number;
};
export type CallsResult = {
  latency: LatencySummary;
  answers: Readonly<Record<string, number>>;
  lateStarts: number;
  /** Processor time of one call, in milliseconds: of the engine's processes and of the service. */
  cpuMs: Cpu;
};
export type EngineResult = {
  engine: 'postgres' | 'opensearch';
  documents: number;
  firstRebuildSeconds: number;
  rebuildSeconds: number;
  /** Processor time of that, in seconds. */
  rebuildCpu: Cpu;
  searches: CallsResult;
  suggestions: CallsResult;
  engineMb: number | null;
  serviceMb: number | null;
};

const rebuilt = z.object({ documents: z.int(), seconds: z.number() });
const rebuildMs = 900_000;
const callMs = 10_000;
const connections = 64;
/** Before what counts: caches fill, and Java compiles what it has seen often, for a minute and more. */
export const warmUpRounds = 4;

type Beside = {
  apiKey: string;
  events: PretendEventService;
  started: Started;
  say: (line: string) => void;
};

export async function measureEngine(
  engine: EngineUnderLoad,
  options: SearchOptions,
  { apiKey, events, started, say }: Beside,
): Promise<EngineResult> {
  events.hide();
  const { it: service, end } = await started.start(
    () => startServerProcess('search/search-process.ts', engine.settings),
    ({ stop }) => stop(),
  );
  try {
    events.list();
    const rebuild = (): Promise<z.output<typeof rebuilt>> => resync(service.url, apiKey);
    const first = await rebuild();
    say(
      `${engine.kind}: ${first.documents} events indexed for the first time in ${first.seconds.toFixed(1)} s`,
    );
    const pids = { engine: engine.enginePid, service: service.pid };
    const before = await readCpu(pids);
    const second = await rebuild();
    const rebuildCpu = spentCpu(before, await readCpu(pids), 1);
    say(
      `${engine.kind}: built anew in ${second.seconds.toFixed(1)} s; processor ${JSON.stringify(rebuildCpu)}`,
    );
    const target = parseTarget(service.url);
    if (target === null) throw new Error(`${service.url} is no address`);
    const run = async (name: string, paths: readonly string[]): Promise<CallsResult> => {
      for (let round = 0; round < warmUpRounds; round += 1)
        await load(target, paths, options.perSecond, pids);
      const result = await load(target, paths, options.perSecond, pids);
      const { p50, p99, max } = result.latency;
      say(
        `${engine.kind}: ${name} p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms; processor ${JSON.stringify(result.cpuMs)}`,
      );
      return result;
    };
    const count = options.perSecond * options.seconds;
    const searches = await run('searches', makeSearches(count));
    const suggestions = await run('suggestions', makeBeginnings(count));
    return {
      engine: engine.kind,
      documents: second.documents,
      firstRebuildSeconds: first.seconds,
      rebuildSeconds: second.seconds,
      rebuildCpu,
      searches,
      suggestions,
      engineMb: await sharedMemoryMb(engine.enginePid),
      serviceMb: await sharedMemoryMb(service.pid),
    };
  } finally {
    await end();
  }
}

/** Not by fetch, which waits five minutes for an answer to begin: a machine full of other work takes longer. */
async function resync(url: string, apiKey: string): Promise<z.output<typeof rebuilt>> {
  const request = http.request(`${url}/internal/search/resync`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey },
    signal: AbortSignal.timeout(rebuildMs),
  });
  const answered = once(request, 'response');
  request.end();
  const [answer] = z.tuple([z.instanceof(http.IncomingMessage)]).parse(await answered);
  const body = await json(answer);
  if (answer.statusCode !== 200)
    throw new Error(`building the index was answered ${answer.statusCode}: ${JSON.stringify(body)}`);
  return rebuilt.parse(body);
}

type Pids = { engine: number; service: number };
/** Null where the system does not say. */
type Cpu = { engine: number | null; service: number | null };

async function readCpu({ engine, service }: Pids): Promise<Cpu> {
  return { engine: await sumCpuSeconds([engine], true), service: await sumCpuSeconds([service], true) };
}

function spentCpu(before: Cpu, after: Cpu, factor: number): Cpu {
  const spent = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : (to - from) * factor;
  return { engine: spent(before.engine, after.engine), service: spent(before.service, after.service) };
}

/** Arrivals at an even pace whatever the answers do; latency counts from the intended moment. */
async function load(
  target: Target,
  paths: readonly string[],
  ratePerSecond: number,
  pids: Pids,
): Promise<CallsResult> {
  const requests = paths.map((path) => requestBytes(target, { method: 'GET', path }));
  const latency = createLatencyRecorder();
  const answers = new Map<string, number>();
  const before = await readCpu(pids);
  const report = await runOpenLoop({
    target,
    count: requests.length,
    ratePerSecond,
    connections,
    deadlineMs: callMs,
    requestOf: (index) => requests[index] ?? Buffer.alloc(0),
    onAnswer: ({ outcome, latencyMs }) => {
      const status = outcome.kind === 'answered' ? String(outcome.response.status) : outcome.kind;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      latency.record(latencyMs);
    },
  });
  const after = await readCpu(pids);
  return {
    latency: latency.summary(),
    answers: Object.fromEntries(answers),
    lateStarts: report.lateStarts,
    cpuMs: spentCpu(before, after, 1_000 / requests.length),
  };
}
