/** One case of an alert: what the processes have said over time, and whether the alert fires at the end. */

export type Case = {
  alert: string;
  /** As the end of a sentence that begins with the alert and whether it fires. */
  says: string;
  /**
   * Series to samples, in promtool's notation: `0x3` is 0 and three more of it, `5-1x3` counts down from 5, `_` is a sample
   * that is missing, `stale` the end of a series.
   */
  series: Readonly<Record<string, string>>;
  /** When it is looked at. */
  at: string;
  /** The alerts that fire then; none of this name when empty. `value` is the value as the annotations show it. */
  fires: readonly { labels: Readonly<Record<string, string>>; value?: string }[];
};

export type CaseFile = {
  /** The file of rules, from the project's root. */
  rules: string;
  /** Time between two samples, and between two evaluations. */
  every: string;
  /** Groups in the order of their evaluation, where it matters. */
  order?: readonly string[];
  cases: readonly Case[];
  values?: readonly ValueCase[];
};

/** The value of an expression, for what is recorded and no alert looks at. */
export type ValueCase = {
  says: string;
  series: Readonly<Record<string, string>>;
  at: string;
  expr: string;
  labels: string;
  value: number;
};

export const never = [] as const;

/** Cumulative counts of a histogram that grows by `perScrape` in each bucket, for so many scrapes. */
export function growingBuckets(
  name: string,
  labels: string,
  perScrape: Readonly<Record<string, number>>,
  scrapes = 60,
): Record<string, string> {
  const most = Math.max(...Object.values(perScrape));
  return {
    ...Object.fromEntries(
      Object.entries({ ...perScrape, '+Inf': most }).map(([le, step]) => [
        `${name}_bucket{${labels},le="${le}"}`,
        `0+${step}x${scrapes}`,
      ]),
    ),
    [`${name}_count{${labels}}`]: `0+${most}x${scrapes}`,
  };
}
