/** What may stand under `settings`: the settings that a service declares, and no other name. */
import type { Settings } from '@evently/kit/config';
import type { Json, Schema } from './value-tree.ts';

const scalar = { type: ['string', 'integer', 'boolean'] } as const;

/**
 * Secrets are left out, because a ConfigMap would show them, and so is what `kept` names, which the chart sets.
 * @param settings as a service or the platform declares them
 */
export function settingsSchema(settings: Settings, kept: readonly string[]): Schema {
  const properties = Object.entries(settings)
    .filter(([name, { secret }]) => secret !== true && !kept.includes(name))
    .map(([name, { about, unit, fallback }]): [string, Json] => [
      name,
      {
        description: `${about}${unit === undefined ? '' : ` (${unit})`}; ${fallback ?? ''} by default`,
        ...scalar,
      },
    ]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}
