/** Bounds the label `event`: what sells now by its id, and everything else as one. */
import { LRUCache } from 'lru-cache';

/** For the reference: what the label `event` may be. */
export const eventLabel =
  'ids of events on sale or that sold within 10 minutes, at most 50; other for the rest';

export const maxEventLabels = 50;
const soldLatelyMs = 600_000;
/** The label of every event that has none of its own. */
export const otherEvents = 'other';

export type BoundedEvents = {
  /** The event's id while it has a label of its own, else `other`. Costs one look into a map. */
  labelOf: (eventId: string) => string;
  /** The same for an event that sells at this moment: it gets a label of its own when one is free. */
  sellingLabelOf: (eventId: string) => string;
  /** The events that are on sale, the most important first; those that neither sell nor are among them lose theirs. */
  onSale: (eventIds: readonly string[]) => void;
  /** Ids that sold within ten minutes, the newest last. */
  soldLately: () => string[];
  /** Ids that have a label of their own. */
  labelled: () => string[];
};

export type BoundedEventsOptions = {
  nowMs: () => number;
  /** Called for an id that gets a label: series that begin at 0 show their first increase. */
  began?: (eventId: string) => void;
  /** Called for an id that loses its label: its series must go, or they would be more and more. */
  ended?: (eventId: string) => void;
};

/**
 * At most 50 ids at any time. A place is free once its event is neither on sale nor sold within ten minutes; while
 * none is free, what sells is counted as `other` until `onSale` gives it a place.
 */
export function createBoundedEvents(options: BoundedEventsOptions): BoundedEvents {
  const { nowMs, began = () => {}, ended = () => {} } = options;
  const labels = new Set<string>();
  let onSale: ReadonlySet<string> = new Set();
  // Twice as many as there are labels: who waits for a place is remembered too.
  const soldAtMs = new LRUCache<string, number>({ max: 2 * maxEventLabels });

  const soldLately = (eventId: string): boolean =>
    (soldAtMs.peek(eventId) ?? Number.NEGATIVE_INFINITY) > nowMs() - soldLatelyMs;

  function admit(eventId: string): void {
    if (labels.has(eventId)) return;
    labels.add(eventId);
    began(eventId);
  }

  function dismiss(eventId: string): void {
    labels.delete(eventId);
    ended(eventId);
  }

  return {
    labelOf: (eventId) => (labels.has(eventId) ? eventId : otherEvents),
    sellingLabelOf: (eventId) => {
      soldAtMs.set(eventId, nowMs());
      if (!labels.has(eventId) && labels.size < maxEventLabels) admit(eventId);
      return labels.has(eventId) ? eventId : otherEvents;
    },
    onSale: (eventIds) => {
      onSale = new Set(eventIds.slice(0, maxEventLabels));
      for (const eventId of labels) if (!onSale.has(eventId) && !soldLately(eventId)) dismiss(eventId);
      for (const eventId of onSale) if (labels.size < maxEventLabels) admit(eventId);
    },
    soldLately: () => [...soldAtMs.keys()].filter(soldLately).toReversed(),
    labelled: () => [...labels],
  };
}
