/** How metrics are called: `evently_<part>_<thing>_<unit>` in base units, and whose names are others'. */

const units: Readonly<Record<string, string>> = {
  total: 'a count',
  seconds: 'seconds',
  bytes: 'bytes',
  ratio: 'a share of 1',
  items: 'items',
  tickets: 'tickets',
  pods: 'pods',
  info: '1 or 0',
};

const ourForm = new RegExp(`^evently_[a-z]+(?:_[a-z0-9]+)*_(?:${Object.keys(units).join('|')})$`);

/** The operator's stage is 1 for the one a sale is in: its name is part of what the operator promised before. */
const promised = new Set(['evently_sale_stage']);
/** Made for dashboards that exist, by the names those know; or Node's, by prom-client. */
const theirs = /^(controller_runtime|workqueue|rest_client|leader_election|nodejs|process)_/;

/** The unit of a metric, by the last word of its name. */
export function unitOf(name: string): string {
  return units[name.split('_').at(-1) ?? ''] ?? '1';
}

/** What is wrong with the name; null when it is right. */
export function nameFault(name: string, type: 'counter' | 'gauge' | 'histogram'): string | null {
  if (name.endsWith('_total') !== (type === 'counter'))
    return `${name}: counters, and only they, end in _total`;
  if (theirs.test(name) || promised.has(name) || ourForm.test(name)) return null;
  return `${name} is not called evently_<part>_<thing>_<unit>, with one of ${Object.keys(units).join(', ')}`;
}
