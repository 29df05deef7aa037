/** Columns of a grid, as Grafana's transformations of what queries answered, and as its overrides of fields. */
import { MappingType, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Column, Grid } from './panel.ts';

/** Joins the queries' rows by a label, keeps the columns that are shown, in their order, and names them. */
export function columnTransformations({ joinedBy, columns }: Grid): DataTransformerConfig[] {
  const fields = columns.map(({ field }) => field);
  return [
    { id: 'joinByField', options: { byField: joinedBy, mode: 'outer' } },
    { id: 'filterFieldsByName', options: { include: { names: fields } } },
    {
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(fields.map((field, index) => [field, index])),
        renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
      },
    },
  ];
}

/** How the cells of a column look. */
export function columnOptions(column: Column): DynamicConfigValue[] {
  const { unit, decimals, steps, words, link, hidden } = column;
  return [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(steps === undefined
      ? []
      : [
          {
            id: 'thresholds',
            value: {
              mode: ThresholdsMode.Absolute,
              steps: steps.map(({ from, colour }) => ({ value: from, color: colour })),
            },
          },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
    ...(words === undefined ? [] : [{ id: 'mappings', value: [columnWords(words)] }]),
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
    ...(hidden === true ? [{ id: 'custom.hidden', value: true }] : []),
  ];
}

function columnWords(words: NonNullable<Column['words']>): {
  type: MappingType;
  options: Record<string, { text: string; color: string; index: number }>;
} {
  const options = Object.entries(words).map(
    ([value, { text, colour }], index) => [value, { text, color: colour, index }] as const,
  );
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}
