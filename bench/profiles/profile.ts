/** A profile: one kind of on-sale, run once, answering a result for each of its measurements. */
import type { Bench } from '../bench.ts';
import type { SaleResult } from '../result.ts';
import type { Sizes } from '../sizes.ts';

export type Profile = {
  name: string;
  /** One line for people. */
  about: string;
  /** Settings that its platform needs; profiles without any share one platform. */
  settings?: (sizes: Sizes) => Readonly<Record<string, string>>;
  /** `run` counts from 1. */
  measure: (bench: Bench, run: number) => Promise<SaleResult[]>;
};
