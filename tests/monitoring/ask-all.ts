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

/**
 * A sentence for each fault. What is empty is asked again until `ms` have passed, because rules are evaluated now and
 * then; a series of which every value is no number counts as empty.
 */
export async function askAll(
  prometheus: Pick<PrometheusServer, 'query'>,
  questions: readonly Question[],
  ms: number,
): Promise<readonly string[]> {
  const givesUpAtMs = monotonicMs() + ms;
  const faults: string[] = [];
  const waiting = [...questions];
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const fault = await ask(prometheus, next, givesUpAtMs);
      if (fault !== null) faults.push(fault);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return faults.toSorted();
}

async function ask(
  prometheus: Pick<PrometheusServer, 'query'>,
  { where, expr, expects }: Question,
  givesUpAtMs: number,
): Promise<string | null> {
  for (;;) {
    const answer = await prometheus.query(expr).catch((error: unknown) => String(error));
    if (typeof answer === 'string') return `${where}: ${answer} in ${expr}`;
    const isThere = answer.some(({ value }) => !Number.isNaN(value));
    if (typeof expects === 'object')
      return isThere ? `${where}: is listed as empty (${expects.nothing}) and has data: ${expr}` : null;
    if (isThere || expects === 'anything') return null;
    if (monotonicMs() > givesUpAtMs) return `${where}: no data for ${expr}`;
    await pause(pollMs);
  }
}
