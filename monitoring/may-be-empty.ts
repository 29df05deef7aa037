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

export const mayBeEmpty: readonly MayBeEmpty[] = [];

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
