/** A profile: one kind of on-sale, run once, answering a result for each of its measurements. */
import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';
import type { Sizes } from '../sizes.ts';

export type Profile = {
  name: string;
  /** One line for people. */
  about: string;
  /** Settings of a platform of its own; profiles with null share one. */
  settings: (sizes: Sizes) => Readonly<Record<string, string>> | null;
  /** `run` counts from 1. */
  measure: (bench: Bench, run: number) => Promise<Result[]>;
};
