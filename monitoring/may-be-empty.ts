/** Expressions whose empty answer is right on a healthy platform, each with the reason; every other must return data in a drill. */

export type MayBeEmpty = {
  /** Path of the dashboard or of the file of rules, from the root. */
  source: string;
  /** Title of the panel, name of the alert or recording rule; `*` for all of the source. */
  panel: string;
  /** Only expressions that contain this text. */
  about?: string;
  reason: string;
};

const dashboards = 'monitoring/dashboards/json';

export const mayBeEmpty: readonly MayBeEmpty[] = [
  {
    source: `${dashboards}/evently-async.json`,
    panel: 'Held back and published again, per second',
    reason: 'No stream was full or lost: Redis is well, and the drill is small.',
  },
  {
    source: `${dashboards}/evently-operator.json`,
    panel: 'Full lists and watches opened again, per second',
    about: 'evently_informer_watch_restarts_total',
    reason: 'No watch was lost: the API server is well.',
  },
  {
    source: `${dashboards}/evently-services.json`,
    panel: 'Limits: where requests are counted',
    reason: 'In load testing nobody is limited, and so nothing is counted.',
  },
  {
    source: `${dashboards}/evently-runtime.json`,
    panel: 'Lists and reports, by the server that was read',
    reason: 'The databases of a drill have no replica.',
  },
];

/** The reason why an empty answer is right, or null. */
export function emptinessOf(source: string, panel: string, expr: string): string | null {
  const entry = mayBeEmpty.find(
    (one) =>
      one.source === source &&
      (one.panel === panel || one.panel === '*') &&
      (one.about === undefined || expr.includes(one.about)),
  );
  return entry?.reason ?? null;
}
