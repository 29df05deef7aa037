/** What our dashboards promise beyond Grafana's linter: honest sums, words for everything, a grid without holes, ids that stay. */
import { panelsOf, type DashboardModel, type PanelModel } from './dashboard-model.ts';
import { readTarget } from './grafana-rules.ts';
import type { Selector } from './promql.ts';

const gridWidth = 24;
// On a screen 1920 wide a column is 77 pixels, a letter of a title 7.5, and the sign of the description takes 46.
const columnPixels = 77;
const letterPixels = 7.5;
const signPixels = 46;

/** Read from a shared database or stream by every process: a sum would count each thing once for every process. */
const sharedGauges =
  /^evently_(?:booking_(?:sale_|inventory_|oversold_|oldest_unswept_|waitlist_|bookings_)|outbox_(?:waiting|oldest)_|dead_letters_|db_lock_waiting_|db_longest_|payment_(?:oldest_|attempts_open_|unsettled_)|search_index_|bus_(?:lag|pending|stream)_)/;

/** A sentence for each fault. */
export function houseFaults(dashboard: DashboardModel): string[] {
  return [
    ...dashboardFaults(dashboard),
    ...gridFaults(dashboard),
    ...panelsOf(dashboard).flatMap((panel) =>
      [...wordFaults(panel), ...stepFaults(panel), ...queryFaults(panel)].map(
        (fault) => `${dashboard.uid}, "${panel.title}": ${fault}`,
      ),
    ),
  ];
}

function dashboardFaults({ uid, tags, links, panels, description }: DashboardModel): string[] {
  const ids = panels.map(({ id }) => id);
  const titles = panels.filter(({ type }) => type !== 'row').map(({ title }) => title);
  return [
    ...(tags.includes('evently') ? [] : [`${uid}: the tag that links dashboards is missing`]),
    ...(links.some(
      ({ type, includeVars, tags: to }) => type === 'dashboards' && includeVars && to.includes('evently'),
    )
      ? []
      : [`${uid}: has no links to the others that keep what was chosen`]),
    ...(description.length > 40 ? [] : [`${uid}: does not say what it answers`]),
    ...twice(ids.map(String)).map((id) => `${uid}: two panels have the id ${id}`),
    ...twice(titles).map((title) => `${uid}: two panels are called "${title}"`),
    ...(ids.every((id) => id > 0) ? [] : [`${uid}: a panel has no id`]),
    ...(panels[0]?.type === 'row' ? [] : [`${uid}: does not begin with the heading of a row`]),
  ];
}

/** No two panels overlap, none leaves the grid, and between two headings no hole is left. */
function gridFaults({ uid, panels }: DashboardModel): string[] {
  const faults: string[] = [];
  const cells = new Map<string, string>();
  const headings = panels.filter(({ type }) => type === 'row').map(({ gridPos }) => gridPos.y);
  for (const { title, type, gridPos: at } of panels) {
    if (at.x + at.w > gridWidth) faults.push(`${uid}, "${title}": leaves the grid of ${gridWidth} columns`);
    for (let y = at.y; y < at.y + at.h; y += 1) {
      if (type !== 'row' && headings.includes(y)) faults.push(`${uid}, "${title}": lies over a heading`);
      for (let x = at.x; x < at.x + at.w; x += 1) {
        const other = cells.get(`${x},${y}`);
        if (other !== undefined) faults.push(`${uid}, "${title}": overlaps "${other}"`);
        cells.set(`${x},${y}`, title);
      }
    }
  }
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  if (cells.size !== bottom * gridWidth)
    faults.push(`${uid}: ${bottom * gridWidth - cells.size} cells are empty`);
  return [...new Set(faults)];
}

function wordFaults({ title, description, gridPos, fieldConfig, targets }: PanelModel): string[] {
  const room = Math.floor((gridPos.w * columnPixels - signPixels) / letterPixels);
  const [means = '', act = ''] = description.split('\n\n**What to do:** ');
  const refIds = targets.map(({ refId }) => refId);
  return [
    ...(title.length <= room ? [] : [`its title has ${title.length} letters, and room for ${room}`]),
    ...(means.length >= 20 ? [] : ['does not say what it means']),
    ...(act.length >= 8 ? [] : ['does not say what to do']),
    ...((fieldConfig?.defaults.noValue ?? '') === '' ? ['says nothing when there is nothing'] : []),
    ...targets.filter(({ legendFormat }) => legendFormat === '').map(({ expr }) => `no legend for ${expr}`),
    ...twice(refIds).map((refId) => `two queries are ${refId}`),
  ];
}

function stepFaults({ fieldConfig }: PanelModel): string[] {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  const values = steps.slice(1).map(({ value }) => value ?? Number.NEGATIVE_INFINITY);
  const rises = values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
  return [
    ...(steps[0]?.value === null ? [] : ['its steps do not begin below everything']),
    ...(rises ? [] : ['its steps do not rise']),
  ];
}

function queryFaults({ type, targets }: PanelModel): string[] {
  const isCurve = type === 'timeseries' || type === 'heatmap';
  return targets.flatMap(({ expr, exemplar, instant, range }) => [
    ...(isCurve && expr.includes('_seconds_bucket') && !exemplar ? [`no exemplars: ${expr}`] : []),
    ...(isCurve && instant ? [`a curve of one instant: ${expr}`] : []),
    ...(instant === range ? [`asked for neither or for both of an instant and a range: ${expr}`] : []),
    ...readTarget(expr).selectors.flatMap(sumFaults),
  ]);
}

function sumFaults({ metric, range, within }: Selector): string[] {
  if (range !== null)
    return within[1] === 'sum' ? [] : [`${metric} is counted by each process: sum its rates`];
  return sharedGauges.test(metric) && within[0] !== 'max' && within[0] !== 'min'
    ? [`every process reports the same ${metric}: take the max`]
    : [];
}

function twice(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
