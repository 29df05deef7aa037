/** Reads the linter's file of exclusions, `.lint`, in the form that Grafana's dashboard-linter reads; here each needs a reason. */
import { parse } from 'yaml';
import { z } from 'zod';
import type { Finding } from './grafana-rules.ts';

const entry = z.strictObject({
  dashboard: z.string().min(1),
  panel: z.string().min(1),
  targetIdx: z.string().regex(/^\d+$/).optional(),
  reason: z.string().min(20),
});
const schema = z.strictObject({
  exclusions: z.record(
    z.string(),
    z.strictObject({ reason: z.string().min(20), entries: z.array(entry).min(1) }),
  ),
});

export type Exclusion = z.output<typeof entry> & { rule: string };

export function parseExclusions(text: string): Exclusion[] {
  const { exclusions } = schema.parse(parse(text));
  return Object.entries(exclusions).flatMap(([rule, { entries }]) =>
    entries.map((one) => ({ ...one, rule })),
  );
}

export function isExcluded(finding: Finding, exclusion: Exclusion): boolean {
  return (
    exclusion.rule === finding.rule &&
    exclusion.dashboard === finding.dashboard &&
    exclusion.panel === finding.panel &&
    (exclusion.targetIdx === undefined || exclusion.targetIdx === String(finding.target))
  );
}
