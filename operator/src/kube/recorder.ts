/** Kubernetes Events for people: aggregated into series, without spam, and never in the way of a reconcile. */

/** The object that an event is about. */
export type ObjectReference = {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
};

export type EventNote = {
  type: 'Normal' | 'Warning';
  /** Why, in one word of CamelCase: `PrewarmLate`. */
  reason: string;
  /** What was done or tried, in one word of CamelCase: `RaiseFloor`. */
  action: string;
  /** For a person; at most 1 kB is kept. */
  note: string;
  related?: ObjectReference;
};

export type Recorder = {
  /** Returns at once; the event is written later, or counted as dropped. Never throws. */
  record: (regarding: ObjectReference, note: EventNote) => void;
  /** Writes what is queued, for at most `deadlineMs`. */
  close: (deadlineMs: number) => Promise<void>;
};
