/** What the operator reasons about: a sale, what was seen of the world, and what is to be done. Plain values. */

// Instants are milliseconds since 1970 by the operator's clock (`...AtMs`), spans are milliseconds (`...Ms`).

export type WarmTaskName = 'Inventory' | 'Event' | 'Search' | 'Connections';
export type WarmTaskSpec = { name: WarmTaskName; policy: 'Required' | 'BestEffort'; timeoutMs: number };

/** Demand in reservations a second, or pods named outright. */
export type Need =
  { kind: 'demand'; reservationsPerSecond: number } | { kind: 'floor'; replicas: number } | { kind: 'none' };

/** One EventSale, parsed, with defaults, in units. */
export type Sale = {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  createdAtMs: number;
  /** When its deletion was asked for; null while nobody did. */
  deletedAtMs: number | null;
  eventId: string;
  opensAtMs: number;
  closesAtMs: number | null;
  timeZone: string;
  /** The HorizontalPodAutoscaler of the same namespace. */
  targetName: string;
  need: Need;
  /** `Auto` is resolved by what was measured. */
  leadTime: { kind: 'auto' } | { kind: 'fixed'; ms: number };
  tasks: readonly WarmTaskSpec[];
  openGate: { mode: 'Always' } | { mode: 'RequireWarm'; onNotMet: 'Degrade' | 'Hold' };
  intent: 'Run' | 'Hold' | 'Stop';
  management: 'Managed' | 'Paused';
  priority: number;
  scaleDown: { stepPercent: number; periodMs: number; afterMs: number };
  deletionPolicy: 'CloseAndRelease' | 'ReleaseOnly';
  /** Facts that the status remembers; never a decision. */
  recorded: {
    openedAtMs: number | null;
    closedAtMs: number | null;
    /** Since when nothing was held any more after the close. */
    drainedAtMs: number | null;
    openLatenessMs: number | null;
    epoch: number | null;
  };
};

/** What the HorizontalPodAutoscaler and the chart say of a pool of pods. */
export type Pool = {
  name: string;
  resourceVersion: string;
  minReplicas: number;
  maxReplicas: number;
  /** Annotation `evently.dev/baseline-replicas`; null when the chart did not set one. */
  baselineReplicas: number | null;
  /** Annotation `evently.dev/reservations-per-second-per-pod`. */
  perPodPerSecond: number | null;
  /** Annotation `evently.dev/reservations-per-second-per-event`: what one event's row can do. */
  perEventPerSecond: number | null;
  /** Who else wrote the floor last, by `managedFields`; null when it was the operator or nobody. */
  otherWriter: { manager: string; atMs: number } | null;
};

/** One pod of the target. `startedAtMs` and the like feed the measured lead time. */
export type Pod = {
  name: string;
  uid: string;
  ip: string | null;
  ready: boolean;
  createdAtMs: number;
  scheduledAtMs: number | null;
  readyAtMs: number | null;
  terminating: boolean;
  /** Why it does not run yet, such as `Unschedulable` or `ImagePullBackOff`; empty or absent when nothing says so. */
  reason?: string;
};

/** What booking answers to `GET /internal/sales/{eventId}`; null fields where nothing was seen. */
export type ArmedSale = {
  epoch: number;
  uid: string;
  generation: number;
  opensAtMs: number;
  closesAtMs: number | null;
  intent: 'Run' | 'Hold' | 'Stop';
  armed: boolean;
  armedAtMs: number;
  openedAtMs: number | null;
  /** When the first reservation in this window was accepted. */
  firstReservedAtMs: number | null;
  held: number;
  sold: number;
  available: number;
};

export type BookingView =
  | { kind: 'armed'; sale: ArmedSale }
  /** The event is known and no sale was ever armed. */
  | { kind: 'not-armed' }
  | { kind: 'unknown-event' }
  | { kind: 'unreachable'; why: string };

/** A task on one pod, or on a whole service. `at` names the pod or the service. */
export type WarmResult = {
  task: WarmTaskName;
  at: string;
  result: 'warm' | 'failed';
  items: number;
  seconds: number;
  atMs: number;
  error: string | null;
};

export type ConditionStatus = 'True' | 'False' | 'Unknown';
export type ConditionType =
  'Ready' | 'Armed' | 'CachesWarm' | 'CapacityReady' | 'SaleOpen' | 'Reconciling' | 'Stalled';
/** Times are RFC 3339, seconds. */
export type Condition = {
  type: ConditionType;
  status: ConditionStatus;
  observedGeneration: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
};

/** The stage a person sees: the reason of `Ready`. */
export type Stage =
  'Scheduled' | 'Prewarming' | 'Armed' | 'Selling' | 'Held' | 'Stopped' | 'Draining' | 'Completed';
