/** When each step of a run happened and how long it took: a table that is printed at the end. */
import { monotonicMs } from '@evently/kit/clock';

export type Timings = {
  /** Runs one step and keeps how long it took, also when it fails. */
  step: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** Something that was seen, with a number of its own. */
  note: (what: string, value: string) => void;
  table: () => string;
};

export function createTimings(say: (line: string) => void): Timings {
  const begun = monotonicMs();
  const rows: { what: string; at: string; took: string }[] = [];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const add = (what: string, at: string, took: string): void => {
    rows.push({ what, at, took });
    say(`${at.padStart(8)}  ${what}: ${took}`);
  };
  return {
    step: async (what, work) => {
      const started = monotonicMs();
      try {
        const result = await work();
        add(what, seconds(started - begun), seconds(monotonicMs() - started));
        return result;
      } catch (error) {
        add(what, seconds(started - begun), `failed after ${seconds(monotonicMs() - started)}`);
        throw error;
      }
    },
    note: (what, value) => add(what, seconds(monotonicMs() - begun), value),
    table: () => {
      const width = Math.max(4, ...rows.map(({ what }) => what.length));
      const line = (what: string, at: string, took: string): string =>
        `${what.padEnd(width)}  ${at.padStart(8)}  ${took}`;
      return [line('Step', 'at', 'took'), ...rows.map(({ what, at, took }) => line(what, at, took))].join(
        '\n',
      );
    },
  };
}
