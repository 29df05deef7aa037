/** Booking processes behind a balancer of a few lines, as pods are behind a Service: only who is ready is asked. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('booking-process.ts', import.meta.url));
const startMs = 30_000;
const stopMs = 30_000;
const readyPollMs = 20;
const requestMs = 10_000;

export type BookingProcess = { child: ChildProcess; url: string; exited: Promise<number | null> };
export type Rotation = {
  /** Starts one and asks it as soon as it is ready. */
  add: () => Promise<BookingProcess>;
  /** No new request goes to it; then it is told to end, and this waits until it has. Answers its exit status. */
  retire: (member: BookingProcess) => Promise<number | null>;
  members: () => readonly BookingProcess[];
  /** Asks the next in turn; a broken connection is status 0. */
  send: (path: string, init: RequestInit) => Promise<number>;
  stop: () => Promise<void>;
};

export function createRotation(env: Readonly<Record<string, string>>): Rotation {
  const members: BookingProcess[] = [];
  const alive = new Set<BookingProcess>();
  let turn = 0;

  async function add(): Promise<BookingProcess> {
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], ...env },
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const port = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      void exited.then((code) => reject(new Error(`the process ended with ${code} before it listened`)));
      setTimeout(() => reject(new Error('the process did not listen in time')), startMs).unref();
    });
    const member = { child, url: `http://127.0.0.1:${port}`, exited };
    alive.add(member);
    void exited.then(() => alive.delete(member));
    await untilReady(member.url);
    members.push(member);
    return member;
  }

  async function retire(member: BookingProcess): Promise<number | null> {
    members.splice(members.indexOf(member), 1);
    member.child.kill('SIGTERM');
    const late = setTimeout(() => member.child.kill('SIGKILL'), stopMs);
    const code = await member.exited;
    clearTimeout(late);
    return code;
  }

  return {
    add,
    retire,
    members: () => members,
    send: async (path, init) => {
      turn += 1;
      const member = members[turn % members.length];
      if (member === undefined) return 0;
      try {
        const signal = AbortSignal.timeout(requestMs);
        const response = await fetch(`${member.url}${path}`, { ...init, signal });
        await response.arrayBuffer();
        return response.status;
      } catch {
        return 0;
      }
    },
    stop: async () => {
      members.length = 0;
      for (const { child } of alive) child.kill('SIGTERM');
      await Promise.all([...alive].map(({ exited }) => exited));
    },
  };
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    const ready = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    if (performance.now() > deadline) throw new Error(`${url} was not ready within ${startMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
}

export type Demand = { path: string; requests: readonly RequestInit[]; perSecond: number };

/** Sends each request at its time, whether or not those before it were answered; answers the statuses in order. */
export function sendOpenLoop(rotation: Rotation, { path, requests, perSecond }: Demand): Promise<number[]> {
  const begun = performance.now();
  return Promise.all(
    requests.map(async (request, at) => {
      const waitMs = begun + (at / perSecond) * 1_000 - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      return rotation.send(path, request);
    }),
  );
}

export function reserveRequest(eventId: string, token: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ event_id: eventId, quantity: 1, idempotency_key: randomUUID() }),
  };
}
