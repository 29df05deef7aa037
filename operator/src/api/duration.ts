/** Durations as the resource writes them (GEP-2257: `1h30m`, `90s`, `500ms`), in milliseconds here. */

/** In CEL and here. Bounded, so that no duration leaves what both sides can count. */
export const durationPattern = '([0-9]{1,5}(h|m|s|ms)){1,4}';

const whole = new RegExp(`^${durationPattern}$`);
const part = /(\d+)(ms|h|m|s)/g;
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of `text`; null when it is no duration. */
export function parseDuration(text: string): number | null {
  if (!whole.test(text)) return null;
  return [...text.matchAll(part)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}

/** The shortest way to write `ms` in whole units. */
export function formatDuration(ms: number): string {
  const spelled = Object.entries(unitMs).reduce(
    ({ text, rest }, [unit, size]) => {
      const count = Math.floor(rest / size);
      return { text: count === 0 ? text : `${text}${count}${unit}`, rest: rest - count * size };
    },
    { text: '', rest: Math.round(ms) },
  );
  return spelled.text === '' ? '0s' : spelled.text;
}
