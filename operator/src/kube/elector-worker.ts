/** The elector's thread: renews the lease on its own connection while the main thread is busy, and ends a leader that lost. */
import { writeSync } from 'node:fs';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { chance, pause, systemClock } from '@evently/kit/clock';
import { openConnection } from './connection.ts';
import { createKubeApi } from './create-api.ts';
import { runElection, type ElectionReport } from './election.ts';
import {
  shareLease,
  stopMessage,
  type ElectorMessage,
  type ElectorSettings,
  type SharedLease,
} from './elector-contract.ts';
import { createLeaseStore } from './lease-store.ts';
import { systemTime } from './time.ts';

const nsPerMs = 1_000_000;
const stderrDescriptor = 2;

function toNs(ms: number): bigint {
  return BigInt(Math.floor(ms * nsPerMs));
}

async function runThread(port: MessagePort, settings: ElectorSettings): Promise<void> {
  const shared = shareLease(settings.memory);
  const tell = (message: ElectorMessage): void => port.postMessage(message);
  const stop = new AbortController();
  port.on('message', (message: unknown) => {
    if (message === stopMessage) stop.abort();
  });
  const api = createKubeApi(openConnection(settings.source));
  const end = await runElection({
    store: createLeaseStore(api, settings.lease),
    identity: settings.identity,
    timing: settings.timing,
    time: systemTime,
    clock: systemClock,
    chance,
    report: reportOf(shared, tell),
    stop: stop.signal,
  });
  shared.setReleased();
  if (end.kind === 'lost') {
    tell(end);
    // Whatever the main thread asks for by now: it has to end.
    await pause(settings.killAfterMs);
    killProcess(end.why, settings.killAfterMs);
  }
  await api.close();
  tell({ kind: 'stopped' });
  port.close();
}

function reportOf(shared: SharedLease, tell: (message: ElectorMessage) => void): ElectionReport {
  return {
    held: (transitions, beganAtMs, validUntilMs) => {
      shared.setHeld(transitions, toNs(validUntilMs));
      tell({ kind: 'held', beganAtMs });
    },
    releasing: shared.setReleased,
    observed: (holder) => tell({ kind: 'observed', holder }),
    failed: (doing, error) =>
      tell({ kind: 'failed', doing, why: error instanceof Error ? error.message : String(error) }),
    beat: () => shared.setBeat(process.hrtime.bigint()),
  };
}

/** A main thread that hangs could otherwise write once it goes on. It cannot log either, so this writes the last line. */
function killProcess(why: string, afterMs: number): void {
  const msg = `the lease is lost (${why}) and the process did not end within ${afterMs} ms: it is killed`;
  writeSync(stderrDescriptor, `${JSON.stringify({ level: 'fatal', msg })}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function isSettings(value: unknown): value is ElectorSettings {
  return typeof value === 'object' && value !== null && 'memory' in value;
}

if (parentPort === null || !isSettings(workerData)) throw new Error('this is the thread of an elector');
await runThread(parentPort, workerData);
