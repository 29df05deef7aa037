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
    source: `${dashboards}/evently-checkout.json`,
    panel: 'Webhooks per second, by outcome',
    reason: 'The provider of a drill tells by its answers, and by no webhook.',
  },
  {
    source: `${dashboards}/evently-operator.json`,
    panel: 'Floor changed by another, per second',
    reason: 'Nobody but the operator writes the floors.',
  },
  {
    source: `${dashboards}/evently-operator.json`,
    panel: 'Next sale opens in',
    reason: 'The sale that the operator knows has opened, and no other is coming.',
  },
  {
    source: `${dashboards}/evently-runtime.json`,
    panel: 'Lists and reports, by the server that was read',
    reason: 'The databases of a drill have no replica.',
  },
  {
    source: `${dashboards}/evently-runtime.json`,
    panel: 'Spans of traces per second, by outcome',
    reason: 'No collector of traces is set.',
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
