/** What the plan of one sale is made from, and what it says. Types of `planSale` only. */
import type { EventSaleStatus } from '../api/event-sale-status.ts';
import type { ArmCommand, Fence } from '../dataplane/booking.ts';
import type { FloorPlan } from '../floor/floor-plan.ts';
import type { EventNote } from '../kube/recorder.ts';
import type { BookingView, Pod, Pool, Sale, Stage, WarmResult, WarmTaskName } from './model.ts';

export type Observed = {
  booking: BookingView;
  pool: Pool | null;
  /** All pods of the target; those that are terminating or not ready are left alone. */
  pods: readonly Pod[];
  /** The newest result for each task and place. */
  warm: readonly WarmResult[];
  /** The older EventSale for the same event, by `duplicateOf`; null when this one is the oldest. */
  duplicateOf: Sale | null;
  targetPlan: FloorPlan;
  leader: {
    /** The epoch that this leader took at its first write to the event; null before. */
    keptEpoch: number | null;
    leaseTransitions: number;
  };
  leadTimeMs: number;
  /** What `parseEventSale` found wrong. */
  faults: readonly string[];
  /** The sentence with which booking refused this generation's window; null when it did not. */
  refusal: string | null;
  /** What the API server does not let the operator do for this sale or its target, and which rule is missing. */
  forbidden?: string | null;
  /** What a deletion may wait for booking. */
  deletion: {
    limitMs: number;
    /** The API server forbids the status: the Role is gone, as in a namespace that is being deleted. */
    isOutcast: boolean;
  };
  /** Why booking did not take the last command; null when it took it. */
  trouble?: Trouble | null;
};

/** Of a command to booking: somebody newer came before, or nothing is known of it. */
export type Trouble = { reason: 'StaleEpoch' | 'NotArmed'; why: string };

export type SaleInput = {
  sale: Sale;
  observed: Observed;
  /** The status as stored; null at first sight. */
  previous: EventSaleStatus | null;
  nowMs: number;
};

/** One call: `at` is the name of a pod, or of a service. */
export type WarmDue = {
  task: WarmTaskName;
  at: string;
  place: 'pod' | 'event' | 'search';
  policy: 'Required' | 'BestEffort';
  timeoutMs: number;
};

export type Finalize =
  /** The sale is not being deleted; it has, or gets, the finalizer. */
  | { kind: 'keep' }
  /** Booking has to close the sale first. */
  | { kind: 'wait'; untilMs: number }
  /** The finalizer goes. `left` says what could not be done; null when nothing was left. */
  | { kind: 'release'; left: string | null };

/** Whether required tasks are done everywhere they have to be. */
export type Warmth =
  'no-tasks' | 'not-yet' | 'warming' | 'no-pods' | 'failed' | 'expired' | 'warm' | 'finished';

export type SalePlan = {
  stage: Stage;
  /** The command that booking is to store; null when it stores it, or the operator's hands are off. */
  arm: ArmCommand | null;
  disarm: Fence | null;
  /** At most `maxWarmCalls` calls, the most urgent first. */
  warm: readonly WarmDue[];
  warmth: Warmth;
  /** Whether `openGate` holds the sale now. */
  gateHolds: boolean;
  finalize: Finalize;
  wakeAtMs: number;
  /** What the status is to remember from now on. */
  facts: Sale['recorded'];
  /** Of transitions of the stage; those of conditions come from `eventsBetween`. */
  events: readonly EventNote[];
};

export const maxWarmCalls = 64;
