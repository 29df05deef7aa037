/** One drill from its event to its verdict: stage, let the herd in, count, read back, judge. */
import { pause, systemClock } from '@evently/kit/clock';
import type { Client } from '../api/client.ts';
import { runOpenLoop, type Answer, type LoadReport } from '../generator/open-loop.ts';
import { requestBytes, type Target } from '../generator/request-bytes.ts';
import type { Progress } from '../screen/progress.ts';
import { formatCount } from '../screen/table.ts';
import { recordArrivals, type Arrival } from './arrivals.ts';
import type { DrillSpec } from './herds.ts';
import { readBackDrill } from './read-back.ts';
import { stageEvent, type StagedEvent } from './stage.ts';
import { judgeDrill, tallyAnswers, type ReadBack, type Tally, type Verdict } from './tally.ts';

export type DrillDeps = { client: Client; target: Target; adminToken: string; progress: Progress };
export type DrillOptions = {
  ratePerSecond: number;
  deadlineMs: number;
  checkWinners: boolean;
  /** A published event with exactly the drill's seats, all free; null makes a new one. */
  eventId: string | null;
  /** When the herd is let in, milliseconds since 1970; null is at once. */
  letInAtMs: number | null;
};
export type DrillResult = {
  spec: DrillSpec;
  eventId: string;
  tally: Tally;
  load: LoadReport;
  readBack: ReadBack;
  verdict: Verdict;
  soldPerSecond: number;
  /** What became of each buyer, and when the first was meant to arrive. */
  arrivals: readonly Arrival[];
  startedAt: Date;
  arrivalsPerSecond: number;
};

const maxConnections = 1_024;
const progressEvery = 250;

/** Each of `tokens` reserves one seat of the event, once, with an idempotency key of its own. */
export async function runDrill(
  deps: DrillDeps,
  spec: DrillSpec,
  tokens: readonly string[],
  options: DrillOptions,
): Promise<DrillResult> {
  const title = `Drill ${spec.buyers} for ${spec.seats}`;
  const event = await eventOf(deps, spec, title, options.eventId);
  if (options.letInAtMs !== null) {
    deps.progress.update(`${title}: waiting for ${new Date(options.letInAtMs).toISOString()}`);
    await pause(Math.max(0, options.letInAtMs - systemClock.now().getTime()));
  }
  const { answers, load } = await letHerdIn(deps, title, event, tokens.slice(0, spec.buyers), options);
  const startedAt = new Date(systemClock.now().getTime() - load.durationMs);
  deps.progress.update(`${title}: reading back what was sold`);
  const tally = tallyAnswers(answers);
  const readBack = await readBackDrill({ ...deps, event, tally, tokens, checkWinners: options.checkWinners });
  const verdict = judgeDrill(tally, spec.seats, readBack);
  deps.progress.clear();
  const soldPerSecond = tally.lastSaleMs === 0 ? 0 : (tally.sold * 1_000) / tally.lastSaleMs;
  const arrivals = recordArrivals(answers);
  return {
    spec,
    eventId: event.eventId,
    tally,
    load,
    readBack,
    verdict,
    soldPerSecond,
    arrivals,
    startedAt,
    arrivalsPerSecond: options.ratePerSecond,
  };
}

async function eventOf(
  { client, adminToken, progress }: DrillDeps,
  { seats }: DrillSpec,
  title: string,
  eventId: string | null,
): Promise<StagedEvent> {
  if (eventId !== null) return { eventId, seats };
  progress.update(`${title}: publishing its event`);
  return stageEvent(client, adminToken, title, seats, systemClock.now());
}

async function letHerdIn(
  deps: DrillDeps,
  title: string,
  event: StagedEvent,
  tokens: readonly string[],
  options: DrillOptions,
): Promise<{ answers: readonly Answer[]; load: LoadReport }> {
  const requests = reserveRequests(deps.target, event.eventId, tokens);
  const answers: Answer[] = [];
  deps.progress.update(`${title}: ${formatCount(tokens.length)} buyers are let in`);
  const load = await runOpenLoop({
    target: deps.target,
    count: requests.length,
    ratePerSecond: options.ratePerSecond,
    connections: maxConnections,
    deadlineMs: options.deadlineMs,
    requestOf: (index) => requests[index] ?? Buffer.alloc(0),
    onAnswer: (answer) => {
      answers.push(answer);
      if (answers.length % progressEvery === 0) {
        deps.progress.update(
          `${title}: ${formatCount(answers.length)} of ${formatCount(tokens.length)} buyers answered`,
        );
      }
    },
  });
  return { answers, load };
}

/** One prepared reservation of one seat per token. */
export function reserveRequests(
  target: Target,
  eventId: string,
  tokens: readonly string[],
): readonly Buffer[] {
  return tokens.map((token, buyer) =>
    requestBytes(target, {
      method: 'POST',
      path: '/api/booking/bookings/reserve',
      token,
      body: { event_id: eventId, quantity: 1, idempotency_key: `drill ${eventId} ${buyer}` },
    }),
  );
}
