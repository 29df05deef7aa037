/** What a panel of ours is, in our own words; grafana-panels.ts makes Grafana's of it. */

/** Units of Grafana, by their ids; a few, so that equal things look equal. Of `short`, 12,345 is "12.3 K": tickets are `locale`. */
export type Unit = 'short' | 'locale' | 'none' | 'percentunit' | 's' | 'dthms' | 'bytes' | 'ops' | 'reqps';

export type Colour = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'purple' | 'gray' | 'text';

/** A number is `colour` from `from` on; the first step has no lower end. */
export type Step = { from: number | null; colour: Colour };

export type Query = {
  expr: string;
  /** What the series is called; `{{label}}` is replaced. */
  legend: string;
  /** Asked once, for the end of the time that is shown. */
  instant?: boolean;
};

/** What every panel says of itself. */
type Common = {
  title: string;
  /** What it shows, and how it is counted. */
  means: string;
  /** What to do when it is not as it should be. */
  act: string;
  unit: Unit;
  /** What stands there when there is nothing. */
  noData: string;
  queries: readonly Query[];
  width: number;
  height: number;
  steps?: readonly Step[];
  decimals?: number;
  min?: number;
  max?: number;
  /** Colours of series by their legend. */
  colours?: Readonly<Record<string, Colour>>;
  /** Words for values. */
  words?: Readonly<Record<string, { text: string; colour: Colour }>>;
  /** The dashboard to look at next, as a link of the panel. */
  leadsTo?: 'contention' | 'checkout' | 'operator' | 'services' | 'runtime';
};

export type Curves = Common & { kind: 'curves'; stacked?: boolean };
export type Figure = Common & {
  kind: 'figure';
  /** Shows the series' name instead of its number. */
  showsName?: boolean;
  /** A line of its past behind the number; only of what never ends while its process lives, see grafana-panels.ts. */
  curve?: boolean;
};
export type Heat = Common & { kind: 'heat' };
export type Bars = Common & { kind: 'bars' };
export type States = Common & { kind: 'states' };

/** A column comes from a query's label or, as `Value #A`, from its number. */
export type Column = {
  field: string;
  title: string;
  unit?: Unit;
  decimals?: number;
  steps?: readonly Step[];
  words?: Common['words'];
  /** Where a click on the cell leads. */
  link?: { title: string; url: string };
  hidden?: boolean;
};
export type Grid = Common & {
  kind: 'grid';
  /** The label by which the queries' rows are put together. */
  joinedBy: string;
  columns: readonly Column[];
  sortedBy?: string;
};

export type Panel = Curves | Figure | Heat | Bars | States | Grid;
export type PanelKind = Panel['kind'];

export type Row = { title: string; panels: readonly Panel[] };

/** The variables that a dashboard has beside data source, job and instance. */
export type Choice = 'event' | 'events' | 'service';

export type Dashboard = {
  uid: string;
  title: string;
  /** What it answers, in a sentence or two. */
  answers: string;
  tags: readonly string[];
  refresh: '5s' | '10s' | '30s';
  from: string;
  choices: readonly Choice[];
  /** The metric by which jobs and instances are offered. */
  offeredBy: string;
  /** Draws when a sale opened and closed. */
  marksSales?: boolean;
  rows: readonly Row[];
};

/** Green up to `warn`, yellow up to `bad`, red from there. */
export function rising(warn: number, bad: number): readonly Step[] {
  return [
    { from: null, colour: 'green' },
    { from: warn, colour: 'yellow' },
    { from: bad, colour: 'red' },
  ];
}

/** Zero is right, everything else is wrong. */
export const noneIsRight: readonly Step[] = [
  { from: null, colour: 'green' },
  { from: 1, colour: 'red' },
];

/** A number that is neither good nor bad. */
export const neutral: readonly Step[] = [{ from: null, colour: 'blue' }];
