/** The last minutes as frames: each reading adds one, the oldest leaves. */
import { encodeFrame, frameOf, type Frame, type Reading } from './frame.ts';

export type Numbered = {
  number: number;
  frame: Frame;
  /** The frame as JSON after the one before it: written once, for everybody who watches and who comes later. */
  encoded: string;
};
export type History = {
  /** Makes the frame of this reading out of it and the one before. */
  add: (reading: Reading) => Numbered;
  /** Frames after `number`, oldest first; all of them when that one is not known any more. */
  after: (number: number | null) => readonly Numbered[];
};

/** A gap of more than this is no rate per second: stock is shown, and lines are interrupted. */
export const longestStepMs = 5_000;

/** Keeps at most `maxFrames`. */
export function createHistory(maxFrames: number): History {
  const kept: Numbered[] = [];
  let last: Reading | null = null;
  let next = 1;
  return {
    add: (reading) => {
      const isNear = last !== null && reading.atMs - last.atMs <= longestStepMs;
      const previous = kept.at(-1)?.frame ?? null;
      const frame = frameOf(isNear ? last : null, reading, previous);
      const added = { number: next, frame, encoded: JSON.stringify(encodeFrame(frame, previous)) };
      next += 1;
      last = reading;
      kept.push(added);
      if (kept.length > maxFrames) kept.shift();
      return added;
    },
    after: (number) => {
      if (number === null || number >= next) return kept;
      const at = kept.findIndex((entry) => entry.number === number);
      return at === -1 ? kept : kept.slice(at + 1);
    },
  };
}
