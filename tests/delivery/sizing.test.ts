/** The table of connections in docs/kubernetes.md is what the values say; the charts refuse values that open more. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');
const services = ['user', 'event', 'search', 'booking', 'payment'] as const;

const partial = z.looseObject({
  replicas: z.int().optional(),
  hpa: z.looseObject({ enabled: z.boolean().optional(), maxReplicas: z.int().optional() }).optional(),
  database: z.looseObject({ poolSize: z.int().optional() }).optional(),
  rollout: z.looseObject({ maxSurge: z.int().optional() }).optional(),
});
const umbrella = z.looseObject({
  global: z
    .looseObject({ postgres: z.looseObject({ maxConnections: z.int().optional() }).optional() })
    .optional(),
});
const facts = z.object({ connectionsBesidePool: z.int() });

type Sizes = { pods: number; each: number };

/** As charts/evently-common counts: pods at most, one more while they are replaced, and what each may open. */
function sizesOf(service: string, file: string): Sizes {
  const own = partial.parse(parse(read(`charts/${service}/values.yaml`)));
  const given = partial.parse(
    z.looseObject({ [service]: z.unknown() }).parse(parse(read(file), { merge: true }))[service] ?? {},
  );
  const hpa = { ...own.hpa, ...given.hpa };
  const most = hpa.enabled === false ? (given.replicas ?? own.replicas ?? 0) : (hpa.maxReplicas ?? 0);
  const surge = given.rollout?.maxSurge ?? own.rollout?.maxSurge ?? 0;
  const pool = given.database?.poolSize ?? own.database?.poolSize ?? 0;
  const { connectionsBesidePool } = facts.parse(parse(read(`charts/${service}/service.yaml`)));
  return { pods: most + surge, each: pool + connectionsBesidePool };
}

function rowOf(file: string): string {
  const sizes = services.map((service) => sizesOf(service, file));
  // The migrations run one after the other.
  const sum = sizes.reduce((all, { pods, each }) => all + pods * each, 1);
  const allowed = (name: string): number | undefined =>
    umbrella.parse(parse(read(name), { merge: true })).global?.postgres?.maxConnections;
  const most = allowed(file) ?? allowed('charts/evently/values.yaml');
  const cells = [path.basename(file), ...sizes.map(({ pods, each }) => `${pods} × ${each}`), sum, most];
  return `| ${cells.map((cell) => (cell === path.basename(file) ? `\`${cell}\`` : String(cell))).join(' | ')} |`;
}

const withoutPadding = (text: string): string => text.replaceAll(/ {2,}/g, ' ');

test.each(['values.yaml', 'values-kind.yaml', 'values-production.yaml'])(
  '%s: its row is in docs/kubernetes.md',
  (file) => {
    expect(withoutPadding(read('docs/kubernetes.md'))).toContain(rowOf(`charts/evently/${file}`));
  },
);
