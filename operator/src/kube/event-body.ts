/** An event as `events.k8s.io/v1` wants it, within that API's limits. */
import { microTime } from './lease-store.ts';

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

export type EventParts = {
  regarding: ObjectReference;
  note: EventNote;
  count: number;
  lastAt: Date;
  controller: string;
  instance: string;
  uniquePart: string;
};

// The limits of the API server's validation.
const maxNoteBytes = 1_024;
const maxWordCharacters = 128;
const maxNameCharacters = 253;

export function eventBody(parts: EventParts): Record<string, unknown> {
  const { regarding, note, count, lastAt } = parts;
  const nameRoom = maxNameCharacters - parts.uniquePart.length - 1;
  return {
    metadata: {
      name: `${regarding.name.slice(0, nameRoom)}.${parts.uniquePart}`,
      namespace: regarding.namespace,
    },
    eventTime: microTime(lastAt),
    reportingController: parts.controller.slice(0, maxWordCharacters),
    reportingInstance: parts.instance.slice(0, maxWordCharacters),
    type: note.type,
    reason: note.reason.slice(0, maxWordCharacters),
    action: note.action.slice(0, maxWordCharacters),
    note: withinBytes(note.note, maxNoteBytes),
    regarding,
    ...(note.related === undefined ? {} : { related: note.related }),
    ...(count > 1 ? { series: seriesBody(count, lastAt) } : {}),
  };
}

/** A series counts from two on: its first occurrence is the event itself. */
export function seriesBody(count: number, lastAt: Date): Record<string, unknown> {
  return { count, lastObservedTime: microTime(lastAt) };
}

/** The longest beginning of `text` that fits; no character is cut in two. */
export function withinBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const ellipsis = '…';
  let end = maxBytes - Buffer.byteLength(ellipsis);
  // Bytes that begin with 10 continue a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  return `${bytes.subarray(0, end).toString()}${ellipsis}`;
}
