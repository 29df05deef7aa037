/** Conditions of an EventSale, their reasons, and the sentence of each that says what to do next. */
import type { ConditionStatus, ConditionType } from '../sale/model.ts';

export type ReasonWords = {
  status: ConditionStatus;
  /** What holds when this reason stands. */
  means: string;
  /** What the reader does next: the last sentence of the condition's message. */
  next: string;
};

/** What each condition says when it is True. */
export const conditionMeanings: Readonly<Record<ConditionType, string>> = {
  Ready: 'The duty of the current stage is met. Its reason is the stage, whether or not the sale is open.',
  Armed: 'Booking stores this window and opens it by its own clock, without the operator.',
  CachesWarm: 'Every Required task of `spec.prewarm` is done on every ready pod.',
  CapacityReady: 'As many pods are ready as the floor asks for.',
  SaleOpen: 'Booking says that it sells.',
  Reconciling: 'The operator is changing something. Absent when it is not.',
  Stalled: 'The operator cannot go on without a person. Absent when it can.',
};

const nothing = 'Nothing to do.';

export const conditionReasons = {
  Ready: {
    Scheduled: { status: 'True', means: 'The sale is known and its lead time has not begun.', next: nothing },
    Prewarming: {
      status: 'True',
      means: 'The lead time runs: pods are added and made warm, and nothing is late.',
      next: 'Nothing to do; CapacityReady and CachesWarm say how far it is.',
    },
    Armed: {
      status: 'True',
      means: 'Pods are ready and warm; booking opens the sale by its clock.',
      next: nothing,
    },
    Selling: {
      status: 'True',
      means: 'The sale is open.',
      next: 'Set spec.intent to Stop to close it at once.',
    },
    Held: {
      status: 'True',
      means: 'Selling is paused by spec.intent; the pods stay.',
      next: 'Set spec.intent to Run to go on.',
    },
    Stopped: {
      status: 'True',
      means: 'Selling was closed by spec.intent.',
      next: 'Set spec.intent to Run to open the window again, or delete the EventSale.',
    },
    Paused: {
      status: 'True',
      means: 'spec.management is Paused: the operator writes nothing for this sale, and holds the floor.',
      next: 'Set spec.management to Managed to hand it back.',
    },
    Draining: {
      status: 'True',
      means: 'The sale has closed; the pods stay until nothing is held, then go step by step.',
      next: nothing,
    },
    Completed: {
      status: 'True',
      means: 'The sale is over and the floor no longer counts it.',
      next: 'Delete the EventSale when its record is not needed.',
    },
    NotReady: {
      status: 'False',
      means: 'The sale opens soon, or is open, and something of its duty is missing.',
      next: 'Look at the conditions that are False.',
    },
    Degraded: {
      status: 'False',
      means: 'The sale is open with fewer pods, or colder ones, than asked for.',
      next: 'Look at CapacityReady and CachesWarm.',
    },
    Blocked: {
      status: 'False',
      means: 'The operator cannot go on.',
      next: 'Look at Stalled.',
    },
  },
  Armed: {
    Armed: { status: 'True', means: 'Booking stores the window of this generation.', next: nothing },
    NotArmed: {
      status: 'False',
      means: 'Booking does not store the window of this generation yet.',
      next: 'Wait; the operator arms it at once, and again after every edit.',
    },
    UnknownEvent: {
      status: 'False',
      means: 'Booking does not know the event.',
      next: 'Publish the event, or correct spec.eventID in a new EventSale.',
    },
    StaleEpoch: {
      status: 'False',
      means: 'Booking was told by a newer leader or for a newer EventSale.',
      next: 'Wait for the leader; when this stays, see which EventSale names the event.',
    },
    Refused: {
      status: 'False',
      means: 'Booking refused the window.',
      next: 'Read the refusal above and change the spec.',
    },
    Released: { status: 'False', means: 'The sale is over, or is being deleted.', next: nothing },
    Paused: {
      status: 'False',
      means: 'Booking does not store this generation, and spec.management is Paused.',
      next: 'Set spec.management to Managed to arm it.',
    },
    Unreachable: {
      status: 'Unknown',
      means: 'Booking did not answer; what it stored still holds.',
      next: 'See whether the booking service has ready pods.',
    },
  },
  CachesWarm: {
    Warm: { status: 'True', means: 'Every Required task is done on every ready pod.', next: nothing },
    NoTasks: { status: 'True', means: 'spec.prewarm.tasks is empty.', next: nothing },
    NotYet: { status: 'False', means: 'The lead time has not begun.', next: nothing },
    Warming: { status: 'False', means: 'Tasks run, or a new pod has appeared.', next: 'Wait.' },
    NoPods: {
      status: 'False',
      means: 'No pod of the target is ready to be warmed.',
      next: 'Look at CapacityReady.',
    },
    TaskFailed: {
      status: 'False',
      means: 'A Required task failed or took longer than its timeout; it is repeated.',
      next: 'Look at status.warm and the service that it names; raise the timeout, or make the task BestEffort.',
    },
    Expired: {
      status: 'False',
      means: 'What was warmed is older than 45 minutes, and warming it again has not been answered.',
      next: 'Wait; it is warmed again. When this stays, look at status.warm.',
    },
    Finished: { status: 'False', means: 'The sale has closed; nothing is kept warm.', next: nothing },
  },
  CapacityReady: {
    AtFloor: { status: 'True', means: 'At least as many pods are ready as the floor.', next: nothing },
    ScalingDown: {
      status: 'True',
      means: 'The floor is going down to what is still needed, step by step.',
      next: nothing,
    },
    WaitingForPods: {
      status: 'False',
      means: 'Pods were asked for and are not ready yet.',
      next: 'Wait; when none appear, see the events of their ReplicaSet: a ResourceQuota may refuse them.',
    },
    WaitingForNodes: {
      status: 'False',
      means: 'Pods wait for nodes.',
      next: 'See that the cluster can add nodes, or use a longer spec.prewarm.leadTime.',
    },
    Unschedulable: {
      status: 'False',
      means: 'The scheduler finds no node for some pods.',
      next: 'Add nodes, or lower the requests of the booking pods.',
    },
    ImagePullSlow: {
      status: 'False',
      means: 'Pods have nodes and wait for their image.',
      next: 'See whether the registry answers, or pull the image to the nodes beforehand.',
    },
    CappedByMax: {
      status: 'False',
      means: 'The sales on this target together need more pods than its maxReplicas.',
      next: 'Raise maxReplicas of the HorizontalPodAutoscaler, or move a sale.',
    },
    EventLimit: {
      status: 'False',
      means: 'The demand is above what one event can serve, whatever the number of pods.',
      next: 'Expect buyers to wait, or sell as several events; more pods do not help.',
    },
    CapacityUnknown: {
      status: 'False',
      means: 'The target does not say what one pod, or the baseline, is.',
      next: 'Set the annotations of the HorizontalPodAutoscaler, or use spec.floor.replicas.',
    },
    FloorContested: {
      status: 'False',
      means: 'Somebody else writes minReplicas of the target as well.',
      next: 'Take minReplicas out of what the other writer applies.',
    },
    TargetNotFound: {
      status: 'False',
      means: 'There is no HorizontalPodAutoscaler of this name.',
      next: 'Create it, or correct spec.target.name.',
    },
  },
  SaleOpen: {
    Open: { status: 'True', means: 'Booking sells.', next: nothing },
    OpenedLate: {
      status: 'True',
      means: 'Booking sells, and began later than spec.opensAt.',
      next: 'Read status.openLatenessMillis; arm earlier the next time.',
    },
    NotYet: { status: 'False', means: 'It is before spec.opensAt.', next: nothing },
    WaitingForWarm: {
      status: 'False',
      means: 'spec.openGate holds the sale until every Required task is done.',
      next: 'Look at CachesWarm, or set openGate.mode to Always to open now.',
    },
    HeldByUser: { status: 'False', means: 'spec.intent is Hold.', next: 'Set spec.intent to Run to go on.' },
    Stopped: {
      status: 'False',
      means: 'spec.intent is Stop.',
      next: 'Set spec.intent to Run to open the window again.',
    },
    NotArmed: {
      status: 'False',
      means: 'It is time, and booking does not store the window.',
      next: 'Look at Armed.',
    },
    Closed: { status: 'False', means: 'The window is over.', next: nothing },
    Unreachable: {
      status: 'Unknown',
      means: 'Booking did not answer.',
      next: 'See whether the booking service has ready pods.',
    },
  },
  Reconciling: {
    Arming: { status: 'True', means: 'Booking is being told the window.', next: 'Wait.' },
    Prewarming: { status: 'True', means: 'Pods are added and made warm.', next: 'Wait.' },
    ScalingDown: { status: 'True', means: 'The floor goes down step by step.', next: 'Wait.' },
    Deleting: {
      status: 'True',
      means: 'The EventSale is deleted once booking has closed the sale, at most five minutes later.',
      next: 'Wait.',
    },
  },
  Stalled: {
    InvalidSpec: {
      status: 'True',
      means: 'The spec says something that cannot be done.',
      next: 'Correct the field that is named above.',
    },
    DuplicateEvent: {
      status: 'True',
      means: 'An older EventSale names the same event; it wins.',
      next: 'Delete one of the two.',
    },
    UnknownEvent: {
      status: 'True',
      means: 'Booking does not know the event.',
      next: 'Publish the event, or delete this EventSale and create one with the right spec.eventID.',
    },
    TargetNotFound: {
      status: 'True',
      means: 'There is no HorizontalPodAutoscaler of this name.',
      next: 'Create it, or correct spec.target.name.',
    },
    Forbidden: {
      status: 'True',
      means: 'The operator may not do what it must.',
      next: 'Apply k8s/operator/rbac.yaml again, or grant what is named above.',
    },
    Refused: {
      status: 'True',
      means: 'Booking refuses the window, and would again.',
      next: 'Read the refusal above and change the spec.',
    },
    DeadlineMissed: {
      status: 'True',
      means: 'The sale should be open, and its duty has not been met in time.',
      next: 'Look at the conditions that are False.',
    },
  },
} as const satisfies Readonly<Record<ConditionType, Readonly<Record<string, ReasonWords>>>>;

export type ReasonOf<T extends ConditionType> = keyof (typeof conditionReasons)[T] & string;

/** Longest message that the schema takes. */
export const maxMessageCharacters = 1_024;

/** The words of a reason; undefined for a reason that the condition does not have. */
export function reasonWords(type: ConditionType, reason: string): ReasonWords | undefined {
  return Object.entries<ReasonWords>(conditionReasons[type]).find(([name]) => name === reason)?.[1];
}

/** A condition's message: the facts at hand (or what the reason means), then what to do next. */
export function conditionMessage<T extends ConditionType>(type: T, reason: ReasonOf<T>, facts = ''): string {
  const words = reasonWords(type, reason);
  const told = facts === '' ? (words?.means ?? '') : facts;
  const next = words === undefined || words.next === nothing ? '' : ` ${words.next}`;
  // What to do stands at the end and is never what is cut off.
  const room = maxMessageCharacters - next.length;
  return (told.length > room ? `${told.slice(0, room - 1)}…` : told) + next;
}
