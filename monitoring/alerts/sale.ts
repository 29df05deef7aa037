/** Alerts of a sale: what buyers meet while it runs. */
import { objectiveNamed, type Objectives } from '../slo/objectives.ts';
import { badRate, latencyP99, requestRate } from '../slo/request-series.ts';
import type { Alert, Condition } from './alert.ts';

const msPerSecond = 1_000;
const secondsPerWindow = 60;

/**
 * For what is not counted by event: while any sale is open. The phase is read from the database and ends with it, so the last
 * that was read counts: these alerts are there for a database that is away.
 */
const anySaleIsOpen: Condition = {
  on: [],
  measure: 'max(last_over_time(evently_booking_sale_phase_info{phase="open"}[15m]))',
  is: [['==', 1]],
};
const thisSaleIsOpen: Condition = {
  on: ['event'],
  measure: 'max by (event) (evently_booking_sale_phase_info{phase="open"})',
  is: [['==', 1]],
};

export function saleAlerts(objectives: Objectives): Alert[] {
  return [...stockAlerts, openingAlert(objectives), ...hotPathAlerts(objectives), conflictAlert(objectives)];
}

/** What one process said in one scrape: two of them may have looked at different times. */
function seats(states: string): string {
  return `sum by (event, job, instance) (evently_booking_inventory_tickets{state=~"${states}"})`;
}

const stockAlerts: readonly Alert[] = [
  {
    name: 'EventlyOversold',
    severity: 'page',
    conditions: [{ measure: 'max by (event) (evently_booking_oversold_tickets)', is: [['>', 0]] }],
    keepFiringFor: '10m',
    summary: 'Event {{ $labels.event }} is sold beyond its capacity',
    description:
      'Its bookings hold and have bought {{ $value }} tickets more than there are. This must never be; close the sale first, then find out why.',
    runbook: 'oversold',
    dashboard: 'sale',
  },
  {
    // The bookings are counted every few seconds, in a sale of millions every half minute; these are read with each scrape.
    name: 'EventlyStockBeyondCapacity',
    severity: 'page',
    conditions: [
      {
        measure: `max by (event) (${seats('held|sold|blocked')} - ${seats('capacity')})`,
        is: [['>', 0]],
      },
    ],
    keepFiringFor: '10m',
    summary: 'The counters of event {{ $labels.event }} say that more is taken than there is',
    description:
      'Held, sold and blocked are {{ $value }} more than its capacity. The database refuses that; somebody has taken its constraint away.',
    runbook: 'oversold',
    dashboard: 'sale',
  },
  {
    name: 'EventlyHoldsNotReturned',
    severity: 'page',
    conditions: [{ measure: 'max(evently_booking_oldest_unswept_hold_seconds)', is: [['>', 30]] }],
    for: '1m',
    summary: 'Seats of holds that are over do not come back',
    description:
      'The oldest such hold ended {{ $value | humanizeDuration }} ago; the sweep of a booking pod returns them each second. Until then nobody can buy these seats.',
    runbook: 'holds-not-returned',
    dashboard: 'sale',
  },
];

/** An event that nobody waits for sells its first ticket when somebody comes: only who was turned away before shows a wait. */
function openingAlert({ sale }: Objectives): Alert {
  return {
    name: 'EventlySaleOpenedLate',
    severity: 'page',
    conditions: [
      {
        measure: 'max by (event) (evently_booking_sale_opened_late_seconds)',
        is: [['>', 1]],
        mayBeEmpty: 'only a sale with an opening has a lateness',
      },
      {
        on: ['event'],
        measure: 'sum by (event) (increase(evently_booking_refusals_total{reason="sale-not-open"}[5m]))',
        is: [['>=', sale.minimum_requests]],
        mayBeEmpty: 'nobody came before the opening',
      },
    ],
    keepFiringFor: '30m',
    summary: 'The sale of event {{ $labels.event }} opened late',
    description:
      'Buyers stood at the door, and the first of them got a seat {{ $value | humanizeDuration }} after the opening.',
    runbook: 'sale-opened-late',
    dashboard: 'sale',
  };
}

/** In windows of a minute, because the budget of a month cannot see ten minutes in which a house sells out. */
function hotPathAlerts(objectives: Objectives): Alert[] {
  const { window, minimum_requests: minimum, reserve_error_ratio: mostFailed } = objectives.sale;
  const answered = objectiveNamed(objectives, 'reserve-availability');
  const quick = objectiveNamed(objectives, 'reserve-latency');
  if (quick.kind !== 'latency') throw new Error('reserve-latency is no objective of latency');
  const enough: Condition = {
    on: [],
    measure: `${requestRate(answered, window)} * ${secondsPerWindow}`,
    is: [['>=', minimum]],
  };
  return [
    {
      name: 'EventlyReserveSlow',
      severity: 'page',
      conditions: [
        { measure: latencyP99(quick, window), is: [['>', quick.within_ms / msPerSecond]] },
        enough,
        anySaleIsOpen,
      ],
      for: '1m',
      summary: 'Reserving is slow while a sale is open',
      description: `One attempt in a hundred takes longer than {{ $value | humanizeDuration }}; ${quick.within_ms} ms are promised.`,
      runbook: 'reserve-slow',
      dashboard: 'sale',
    },
    {
      name: 'EventlyReserveFails',
      severity: 'page',
      conditions: [
        {
          measure: `(${badRate(answered, window)}) / ${requestRate(answered, window)}`,
          is: [['>', mostFailed]],
        },
        enough,
        anySaleIsOpen,
      ],
      for: '30s',
      summary: 'Attempts to reserve fail while a sale is open',
      description:
        '{{ $value | humanizePercentage }} of the attempts of the last minute were answered with 5xx: the line was full, the database away, or a defect was met.',
      runbook: 'reserve-fails',
      dashboard: 'sale',
    },
  ];
}

/** A high ratio alone is no harm: of n pods that sell one event, each finds another's name before n - 1 changes in n. */
function conflictAlert({ sale }: Objectives): Alert {
  const perEvent = (series: string): string => `sum by (event) (rate(${series}[${sale.window}]))`;
  // Each change raises the version by one, so the ratio is what the database's own versions say.
  const changes = perEvent('evently_booking_stock_changes_total');
  return {
    name: 'EventlyVersionConflicts',
    severity: 'ticket',
    conditions: [
      {
        measure: `${perEvent('evently_booking_version_conflicts_total')} / ${changes}`,
        is: [['>', sale.conflict_ratio]],
      },
      { on: ['event'], measure: changes, is: [['>', 1]] },
      {
        on: [],
        measure: `histogram_quantile(0.99, sum by (le) (rate(evently_booking_batch_duration_seconds_bucket{kind="reserve"}[${sale.window}])))`,
        is: [['>', sale.batch_p99_ms / msPerSecond]],
      },
      thisSaleIsOpen,
    ],
    for: '2m',
    summary: "Pods stand in each other's way at event {{ $labels.event }}",
    description: `Before {{ $value | humanizePercentage }} of its changes another process had changed the event, and one batch in a hundred takes longer than ${sale.batch_p99_ms} ms: the pods wait for one row.`,
    runbook: 'version-conflicts',
    dashboard: 'contention',
  };
}
