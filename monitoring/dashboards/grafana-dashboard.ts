/**
 * Makes a classic dashboard of Grafana from ours: variables, links, marks, rows, and a stable id for each panel. The SDK calls
 * the classic form deprecated, but Grafana's provisioning from files and ConfigMaps takes no other.
 */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Dashboard as GrafanaDashboard,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { dataSource, makePanel } from './grafana-panels.ts';
import { type Choice, type Dashboard } from './panel.ts';
import { maxBy, ofEvent, series } from './queries.ts';

/** Every dashboard of ours has this tag; the links between them are made by it. */
export const commonTag = 'evently';

const anything = '.+';
// Two ids a row apart leave room for panels that come later, so that links to a panel stay right.
const idsPerRow = 100;

export function makeDashboard(dashboard: Dashboard): GrafanaDashboard {
  const builder = new DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.answers)
    .tags([commonTag, ...dashboard.tags])
    .readonly()
    .timezone('browser')
    .refresh(dashboard.refresh)
    .time({ from: dashboard.from, to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(linkToOthers());
  addVariables(builder, dashboard);
  if (dashboard.marksSales === true) addMarks(builder);
  for (const row of dashboard.rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(makePanel(panel));
  }
  return finish(builder.build());
}

/**
 * The SDK leaves ids open, and Grafana would give new ones with each import. It also hides links and marks in a menu of
 * controls, where nobody looks during a sale.
 */
function finish(dashboard: GrafanaDashboard): GrafanaDashboard {
  let next = 0;
  const panels = (dashboard.panels ?? []).map((panel) => {
    next = panel.type === 'row' ? (Math.floor(next / idsPerRow) + 1) * idsPerRow : next + 1;
    return 'links' in panel && panel.links !== undefined
      ? { ...panel, id: next, links: panel.links.map(shown) }
      : { ...panel, id: next };
  });
  const links = (dashboard.links ?? []).map(shown);
  return {
    ...dashboard,
    panels,
    links,
    annotations: { list: (dashboard.annotations.list ?? []).map(shown) },
  };
}

function shown<T extends { placement?: unknown }>(one: T): T {
  const copy = { ...one };
  delete copy.placement;
  return copy;
}

function linkToOthers(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Evently')
    .type(DashboardLinkType.Dashboards)
    .tags([commonTag])
    .asDropdown(false)
    .includeVars(true)
    .keepTime(true);
}

function addVariables(builder: DashboardBuilder, { choices, offeredBy }: Dashboard): void {
  builder
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(severalOf('job', 'Job', `label_values(${offeredBy}, job)`))
    .withVariable(severalOf('instance', 'Instance', `label_values(${offeredBy}{job=~"$job"}, instance)`));
  for (const choice of choices) builder.withVariable(variableOf(choice));
}

function variableOf(choice: Choice): QueryVariableBuilder {
  switch (choice) {
    case 'event':
      return eventVariable();
    case 'events':
      return eventVariable()
        .multi(true)
        .includeAll(true)
        .allValue(anything)
        .current({ text: ['All'], value: ['$__all'] });
    case 'service':
      return severalOf('service', 'Service', `label_values(${series('evently_build_info')}, service)`);
  }
}

/** Offers events by name, though they are asked for by id. */
function eventVariable(): QueryVariableBuilder {
  const sales = maxBy('event, name', series('evently_booking_sale_info'));
  return new QueryVariableBuilder('event')
    .label('Event')
    .datasource(dataSource)
    .query(`query_result(${sales})`)
    .regex('/event="(?<value>[^"]*)",name="(?<text>.*)"}/')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc);
}

function severalOf(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query(query)
    .multi(true)
    .includeAll(true)
    .allValue(anything)
    .current({ text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}

/** Shades the time in which the chosen sales were open. */
function addMarks(builder: DashboardBuilder): void {
  const phase = series('evently_booking_sale_phase_info', ofEvent, 'phase="open"');
  builder.annotation(
    new AnnotationQueryBuilder()
      .name('Sale open')
      .datasource(dataSource)
      .enable(true)
      .hide(false)
      .iconColor('green')
      .expr(`${maxBy('event', phase)} == 1`),
  );
}
