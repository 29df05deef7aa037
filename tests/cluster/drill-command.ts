/** `evently drill` as a person runs it against a cluster: by its address, with a key, at the opening of a sale. */
import path from 'node:path';
import { z } from 'zod';
import { ProgramFailed, runProgram } from '@evently/testkit/engines/run-program';
import type { Organizer } from './platform.ts';

export type DrillPlan = {
  url: string;
  userUrl: string;
  apiKey: string;
  organizer: Organizer;
  buyers: number;
  seats: number;
  eventId: string;
  letInAtMs: number;
  ratePerSecond: number;
};

const command = path.join(import.meta.dirname, '..', '..', 'cli', 'bin', 'evently.js');
const marginMs = 90_000;
const drillSchema = z.object({
  sold: z.int(),
  oversold: z.int(),
  refused: z.record(z.string(), z.int()),
  answers: z.record(z.string(), z.int()),
  winners_ms: z.object({ p50: z.number(), p99: z.number() }),
  last_sale_ms: z.number(),
  faults: z.array(z.string()),
});
const reportSchema = z.object({ drills: z.array(drillSchema).length(1) });
export type DrillReport = z.output<typeof drillSchema>;

/** The report, also of a drill that failed. */
export async function runDrillCommand(plan: DrillPlan): Promise<DrillReport> {
  const args = [
    command,
    'drill',
    `--only=${plan.buyers}x${plan.seats}`,
    `--event=${plan.eventId}`,
    `--at=${new Date(plan.letInAtMs).toISOString()}`,
    `--url=${plan.url}`,
    `--user-url=${plan.userUrl}`,
    `--rate=${plan.ratePerSecond}`,
    '--json',
  ];
  const said = await runProgram(process.execPath, args, {
    deadlineMs: plan.letInAtMs - Date.now() + marginMs,
    env: {
      PATH: process.env['PATH'],
      EVENTLY_API_KEY: plan.apiKey,
      EVENTLY_ADMIN_EMAIL: plan.organizer.email,
      EVENTLY_ADMIN_PASSWORD: plan.organizer.password,
    },
  }).catch((error: unknown) => {
    // A drill that failed says so on standard output as well.
    if (error instanceof ProgramFailed && error.stdout.trim().startsWith('{')) return error.stdout;
    throw error;
  });
  const [drill] = reportSchema.parse(JSON.parse(said)).drills;
  if (drill === undefined) throw new Error('the drill reports nothing');
  return drill;
}
