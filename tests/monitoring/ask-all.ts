/** Asks a Prometheus for many expressions, and says which of them are wrong, empty, or not as empty as their list claims. */
import { monotonicMs, pause } from '@evently/kit/clock';
import type { PrometheusServer } from '@evently/testkit/engines/prometheus-server';

export type Question = {
  /** Where it stands, for people. */
  where: string;
  expr: string;
  /** What is right: some data, none for the reason given, or whatever comes, as long as it is no error. */
  expects: 'data' | 'anything' | { nothing: string };
};

const atOnce = 4;
const pollMs = 1_000;

export type Asking = {
  /** Asked for this instant first, in seconds since 1970: that of the last thing that happened. */
  atSeconds: number;
  /** What is empty then is asked again until so many milliseconds have passed, because rules are evaluated now and then. */
  patienceMs: number;
};

/** A sentence for each fault. A series of which every value is no number counts as empty. */
export async function askAll(
  prometheus: Pick<PrometheusServer, 'query'>,
  questions: readonly Question[],
  { atSeconds, patienceMs }: Asking,
): Promise<readonly string[]> {
  const givesUpAtMs = monotonicMs() + patienceMs;
  const first = await judgeAll(prometheus, questions, atSeconds);
  let { empty } = first;
  while (empty.length > 0 && monotonicMs() < givesUpAtMs) {
    await pause(pollMs);
    empty = (await judgeAll(prometheus, empty)).empty;
  }
  return [...first.faults, ...empty.map(({ where, expr }) => `${where}: no data for ${expr}`)].toSorted();
}

type Judged = { faults: string[]; empty: Question[] };

async function judgeAll(
  prometheus: Pick<PrometheusServer, 'query'>,
  questions: readonly Question[],
  atSeconds?: number,
): Promise<Judged> {
  const judged: Judged = { faults: [], empty: [] };
  const waiting = [...questions];
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { where, expr, expects } = next;
      const answer = await prometheus.query(expr, atSeconds).catch((error: unknown) => String(error));
      if (typeof answer === 'string') judged.faults.push(`${where}: ${answer} in ${expr}`);
      else if (expects !== 'anything') {
        const isThere = answer.some(({ value }) => !Number.isNaN(value));
        if (expects === 'data' && !isThere) judged.empty.push(next);
        if (typeof expects === 'object' && isThere)
          judged.faults.push(`${where}: is listed as empty (${expects.nothing}) and has data: ${expr}`);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return judged;
}
