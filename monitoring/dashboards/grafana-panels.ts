/** Makes panels of Grafana's classic dashboards from ours, with the Foundation SDK. */
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement,
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel as GrafanaPanel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  PanelBuilder as HeatBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as FigureBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as GridBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as CurvesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { columnOptions, columnTransformations } from './grafana-columns.ts';
import {
  neutral,
  type Bars,
  type Curves,
  type Figure,
  type Grid,
  type Heat,
  type Panel,
  type Query,
  type States,
  type Step,
} from './panel.ts';

/** The data source that the reader chose. */
export const dataSource = { type: 'prometheus', uid: '${datasource}' };

const wideLegendWidth = 8;
const refIds = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

export function makePanel(panel: Panel): Builder<GrafanaPanel> {
  switch (panel.kind) {
    case 'curves':
      return makeCurves(panel);
    case 'figure':
      return makeFigure(panel);
    case 'heat':
      return makeHeat(panel);
    case 'bars':
      return makeBars(panel);
    case 'states':
      return makeStates(panel);
    case 'grid':
      return makeGrid(panel);
  }
}

/** What all builders of the SDK can be told alike. */
type AnyBuilder = Builder<GrafanaPanel> & {
  title: (title: string) => AnyBuilder;
  description: (description: string) => AnyBuilder;
  datasource: (source: typeof dataSource) => AnyBuilder;
  span: (width: number) => AnyBuilder;
  height: (height: number) => AnyBuilder;
  unit: (unit: string) => AnyBuilder;
  noValue: (text: string) => AnyBuilder;
  decimals: (decimals: number) => AnyBuilder;
  min: (min: number) => AnyBuilder;
  max: (max: number) => AnyBuilder;
  mappings: (mappings: ValueMapping[]) => AnyBuilder;
  thresholds: (thresholds: ThresholdsConfigBuilder) => AnyBuilder;
  links: (links: Builder<DashboardLink>[]) => AnyBuilder;
  withTarget: (target: Builder<Dataquery>) => AnyBuilder;
  overrideByName: (name: string, properties: DynamicConfigValue[]) => AnyBuilder;
};

function describe(builder: AnyBuilder, panel: Panel, format: PromQueryFormat): void {
  builder
    .title(panel.title)
    .description(`${panel.means}\n\n**What to do:** ${panel.act}`)
    .datasource(dataSource)
    .span(panel.width)
    .height(panel.height)
    .unit(panel.unit)
    .noValue(panel.noData)
    .thresholds(stepsOf(panel.steps ?? neutral));
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.leadsTo !== undefined) builder.links([linkTo(panel.leadsTo)]);
  if (panel.words !== undefined) builder.mappings(mappingsOf(panel.words));
  for (const [index, query] of panel.queries.entries())
    builder.withTarget(makeQuery({ instant: isNow(panel), ...query }, refIds.charAt(index), format));
  for (const [legend, colour] of Object.entries(panel.colours ?? {}))
    builder.overrideByName(legend, [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }]);
}

/** To another dashboard, with what was chosen here. */
function linkTo(name: NonNullable<Panel['leadsTo']>): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Look further: ${name}`)
    .type(DashboardLinkType.Link)
    .url(`/d/evently-${name}?\${__url_time_range}&\${__all_variables}`);
}

/** A number is that of the end of the time that is shown: of a range Grafana would show the last there was, however old. */
function isNow(panel: Panel): boolean {
  return panel.kind === 'figure' && panel.curve !== true;
}

function makeQuery(query: Query, refId: string, format: PromQueryFormat): DataqueryBuilder {
  const builder = new DataqueryBuilder()
    .datasource(dataSource)
    .refId(refId)
    .expr(query.expr)
    .legendFormat(query.legend)
    .format(format);
  if (query.instant === true) return builder.instant();
  // Single requests as points beside the latencies that they make; each leads to its trace.
  return builder.range().exemplar(query.expr.includes('_seconds_bucket'));
}

export function stepsOf(steps: readonly Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(({ from, colour }) => ({ value: from, color: colour })));
}

export function mappingsOf(words: NonNullable<Panel['words']>): ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(words).map(([value, { text, colour }], index) => [value, { text, color: colour, index }]),
  );
  return [{ type: MappingType.ValueToText, options }];
}

function makeCurves(panel: Curves): Builder<GrafanaPanel> {
  const isWide = panel.width > wideLegendWidth;
  const builder = new CurvesBuilder()
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(isWide ? LegendDisplayMode.Table : LegendDisplayMode.List)
        .placement(isWide ? LegendPlacement.Right : LegendPlacement.Bottom)
        .calcs(isWide ? ['lastNotNull', 'max'] : []),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(1)
    .fillOpacity(panel.stacked === true ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false);
  if (panel.stacked === true) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (panel.steps !== undefined)
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  describe(builder, panel, PromQueryFormat.TimeSeries);
  return builder;
}

function makeFigure(panel: Figure): Builder<GrafanaPanel> {
  const builder = new FigureBuilder()
    .colorMode(BigValueColorMode.BackgroundSolid)
    .graphMode(panel.curve === true ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(panel.showsName === true ? BigValueTextMode.Name : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  describe(builder, panel, PromQueryFormat.TimeSeries);
  return builder;
}

function makeHeat(panel: Heat): Builder<GrafanaPanel> {
  const builder = new HeatBuilder()
    .calculate(false)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().axisPlacement(AxisPlacement.Left).unit(panel.unit))
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
    .exemplarsColor('rgba(255,0,255,0.7)');
  describe(builder, panel, PromQueryFormat.Heatmap);
  return builder;
}

function makeBars(panel: Bars): Builder<GrafanaPanel> {
  const builder = new BarsBuilder()
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Gradient)
    .showUnfilled(true)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  describe(builder, panel, PromQueryFormat.TimeSeries);
  return builder;
}

function makeStates(panel: States): Builder<GrafanaPanel> {
  const builder = new StatesBuilder()
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .legend(new VizLegendOptionsBuilder().showLegend(false));
  describe(builder, panel, PromQueryFormat.TimeSeries);
  return builder;
}

function makeGrid(panel: Grid): Builder<GrafanaPanel> {
  const builder = new GridBuilder().showHeader(true);
  describe(builder, panel, PromQueryFormat.Table);
  for (const transformation of columnTransformations(panel)) builder.withTransformation(transformation);
  for (const column of panel.columns) {
    const options = columnOptions(column);
    if (options.length > 0) builder.overrideByName(column.title, options);
  }
  if (panel.sortedBy !== undefined)
    builder.sortBy([new TableSortByFieldStateBuilder().displayName(panel.sortedBy).desc(true)]);
  return builder;
}
