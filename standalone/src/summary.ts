/** What a person sees in the terminal when the platform runs. */
import path from 'node:path';
import type { SupervisorEvent } from '@evently/postgres/supervisor';
import { projectRoot } from './config.ts';
import { services } from './gateway/routes.ts';
import type { Seeded } from './seed-demonstration.ts';
import type { Standalone } from './standalone.ts';

/** Addresses, accounts and the next steps; `seconds` is how long the start took. */
export function summarize(standalone: Standalone, seeded: Seeded | null, seconds: number): string {
  const { runtime, folder, pgdata } = standalone;
  const { url } = runtime.gateway;
  const metrics = new URL(url);
  metrics.port = String(runtime.ports.metrics);
  const elsewhere = pgdata.startsWith(folder)
    ? ''
    : `\n  Database     ${pgdata}, because the user "postgres" may not enter the data folder`;
  const prefix = folder === path.join(projectRoot, '.evently') ? '' : `EVENTLY_DATA_DIR=${folder} `;
  const address = new URL(url).port === '8080' ? '' : ` --url ${url}`;
  return `
Evently runs (started in ${seconds.toFixed(1)} s).

  Start page   ${url}
  Console      ${url}/console (watch it sell; drills leave their reports there)
  Interface    ${url}/docs
  Services     ${services.map((name) => `${name} :${runtime.ports[name]}`).join('   ')}
  Metrics      ${new URL('/metrics', metrics).href}
  Data         ${folder} (log: evently.log)${elsewhere}
${demonstration(seeded)}
Load testing is ${runtime.load_test ? 'on: drills may make tokens by themselves, and limits per user are lifted (EVENTLY_LOAD_TEST=0 switches it off).' : 'off: large drills need EVENTLY_LOAD_TEST=1 make start.'}

Next, in a second terminal:
${nextSteps(prefix, address)}
`;
}

function nextSteps(prefix: string, address: string): string {
  const steps = [
    [
      `${prefix}npx evently drill${address}`,
      'herds of buyers at one event: nothing sold twice, full to the last seat',
    ],
    [`${prefix}npx evently verify`, 'every invariant, checked on the databases'],
    ['Ctrl-C here or make stop', 'ends it; make start goes on where it was; make reset begins anew'],
  ] as const;
  const width = Math.max(...steps.map(([command]) => command.length));
  return steps.map(([command, meaning]) => `  ${command.padEnd(width)}   ${meaning}`).join('\n');
}

function demonstration(seeded: Seeded | null): string {
  if (seeded === null) return '';
  const accounts = `
Accounts, password 11111111 for all:
  atlan1@mail.com, atlan2@mail.com     buyers
  atlanadmin@mail.com                  administrator
`;
  if (seeded.ok) return accounts;
  return `${accounts}
The demonstration could not be put on it (${seeded.said}). The platform runs; "npx evently seed" tries again.
`;
}

/** One line when the embedded PostgreSQL ended or came back. */
export function describeDatabaseEvent(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'ended':
      return `PostgreSQL (process ${event.pid}) ended; it is started again. Requests that need it get 503 until then.`;
    case 'restarted':
      return `PostgreSQL runs again (process ${event.pid}).`;
    case 'restart-failed':
      return `PostgreSQL did not start (try ${event.attempt}, next in ${event.nextInMs / 1000} s): ${event.reason}`;
  }
}
