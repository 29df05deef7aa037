/** What the checks read of a dashboard's JSON; strict enough that a field that moved is a fault, and not silence. */
import { z } from 'zod';

const source = z.looseObject({ type: z.string(), uid: z.string() });
const step = z.looseObject({ value: z.number().nullable(), color: z.string() });

const target = z.looseObject({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string(),
  datasource: source,
  format: z.enum(['time_series', 'table', 'heatmap']),
  instant: z.boolean(),
  range: z.boolean(),
  exemplar: z.boolean().default(false),
});

const panel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  gridPos: z.looseObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  datasource: source.optional(),
  targets: z.array(target).default([]),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({
        unit: z.string().optional(),
        noValue: z.string().optional(),
        thresholds: z.looseObject({ mode: z.string(), steps: z.array(step) }).optional(),
      }),
      overrides: z.array(
        z.looseObject({
          properties: z.array(z.looseObject({ id: z.string(), value: z.unknown() })),
        }),
      ),
    })
    .optional(),
});

const variable = z.looseObject({
  name: z.string(),
  type: z.string(),
  label: z.string(),
  query: z.string(),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  allValue: z.string().optional(),
  refresh: z.int().optional(),
  regex: z.string().optional(),
  datasource: source.optional(),
});

const schema = z.looseObject({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int(),
  editable: z.boolean(),
  refresh: z.string(),
  time: z.looseObject({ from: z.string(), to: z.string() }),
  links: z.array(z.looseObject({ type: z.string(), tags: z.array(z.string()), includeVars: z.boolean() })),
  annotations: z.looseObject({
    list: z.array(z.looseObject({ name: z.string(), expr: z.string() })).default([]),
  }),
  templating: z.looseObject({ list: z.array(variable) }),
  panels: z.array(panel),
});

export type DashboardModel = z.output<typeof schema>;
export type PanelModel = DashboardModel['panels'][number];
export type TargetModel = PanelModel['targets'][number];
export type VariableModel = DashboardModel['templating']['list'][number];

export function parseDashboard(text: string): DashboardModel {
  return schema.parse(JSON.parse(text));
}

/** All but the rows' headings. */
export function panelsOf(dashboard: DashboardModel): PanelModel[] {
  return dashboard.panels.filter(({ type }) => type !== 'row');
}
