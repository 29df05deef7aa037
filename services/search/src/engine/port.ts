/** What a search engine does for this service: PostgreSQL and OpenSearch fulfil it, and pass one contract test. */

export type Place = { latitude: number; longitude: number };

/** An event as it can be found; whole, and never more than its version says. `price` is in major units of `currency`. */
export type SearchDocument = {
  eventId: string;
  name: string;
  /** Empty when there is none. */
  description: string;
  venueName: string;
  venueAddress: string;
  venueCity: string;
  venueState: string | null;
  venueCountry: string;
  place: Place | null;
  eventType: string;
  startsAt: Date;
  endsAt: Date;
  price: number;
  currency: string;
  /** Tickets altogether; what is shown as available until a stock is known. */
  capacity: number;
  status: 'published' | 'completed';
  /** Of all fields above, by `checksumOf` of the contracts: an integer from 0 to 2^32 - 1. */
  checksum: number;
};

/** Booking's word on free seats; `version` is booking's own and orders these words. */
export type Stock = { version: number; available: number };

/**
 * One step of an event's life in the index. Two orders exist side by side and never mix: `version` of documents and
 * removals, `stock.version` of stocks.
 */
export type Change =
  | { kind: 'document'; version: number; document: SearchDocument }
  | { kind: 'removal'; version: number; eventId: string }
  | { kind: 'stock'; eventId: string; stock: Stock };

export type Filters = {
  /** In any case and with or without accents. */
  city: string | null;
  type: string | null;
  /** Starts at or after. */
  startsFrom: Date | null;
  /** Starts before. */
  startsBefore: Date | null;
  minPrice: number | null;
  maxPrice: number | null;
};

/**
 * What somebody typed, taken apart by `domain/tokens.ts`: words of letters, marks and digits only, folded, in order.
 * An adapter makes its query of these words; it never hands text to something that has a syntax.
 */
export type SearchText = { tokens: readonly string[] };

export const sorts = ['relevance', 'date', 'price', 'distance'] as const;
export type Sort = (typeof sorts)[number];

export type SearchQuery = {
  /** Null, or at least one token; null finds everything that the filters leave. */
  text: SearchText | null;
  filters: Filters;
  /** Must be there for `distance`; gives every hit with a place its distance. */
  near: Place | null;
  /** `date`: what is still to come first, soonest first. `price`: lowest first. Equal ones by start, then by id. */
  sort: Sort;
  /** Tells what is over. */
  now: Date;
  offset: number;
  /** 0 asks for nothing but the total and the facets. */
  limit: number;
  /** False spares the engine the counting; `facets` is null then. */
  facets: boolean;
};

export type Hit = {
  document: SearchDocument;
  /** `capacity` while no stock is known. */
  available: number;
  /** Higher is better; comparable within one answer only. 0 without a text. */
  score: number;
  distanceKm: number | null;
};

export type FacetCount = { value: string; count: number };
/** Each counts what all the other filters leave; most frequent first, equal ones by value. */
export type Facets = {
  cities: readonly FacetCount[];
  eventTypes: readonly FacetCount[];
  /** Null when nothing is left. */
  priceRange: { min: number; max: number } | null;
};

export type SearchAnswer = { hits: readonly Hit[]; total: number; facets: Facets | null };

/** `prefix` is folded words with one space between them; the last may be incomplete. */
export type SuggestQuery = { prefix: string; now: Date; limit: number };

/** All documents of one bucket: the last two hex digits of their event's id. Exact sums, and no floating point error. */
export type Bucket = { bucket: number; documents: number; checksums: number; stockVersions: number };
/** `stockVersion` and `available` are null while no stock is known. */
export type Entry = {
  eventId: string;
  version: number;
  checksum: number;
  stockVersion: number | null;
  available: number | null;
};
export const bucketCount = 256;

/** A generation of the index that fills beside the one that answers. */
export type Rebuild = {
  generation: string;
  /** As the engine's `apply`, but to this generation alone. */
  apply: (changes: readonly Change[]) => Promise<void>;
  /** Makes this generation the one that answers, in one step. */
  publish: () => Promise<void>;
  /** Removes what was replaced, after `publish`; what it leaves is removed by the next rebuild. */
  tidy: () => Promise<void>;
  /** Drops it, unless it answers: a switch may have taken place although nobody was told so. */
  abandon: () => Promise<void>;
};

/**
 * Every method rejects with `EngineAway` when the engine cannot be reached, or is too slow or too full to answer, and
 * with something else only for bugs. Every one has a deadline of its own.
 */
export type SearchEngine = {
  kind: 'postgres' | 'opensearch';
  /** Makes what must be there, an empty first generation included; harmless when it is. */
  prepare: () => Promise<void>;
  /** Whether it would answer a question now. */
  ready: () => Promise<boolean>;
  /**
   * Applies at most `maxChangesPerApply` changes, in whichever order they stand; a repeated one does nothing. Document
   * and removal take effect when no newer one did (an equal version replaces: that is how the index is repaired), and a
   * removal is remembered, so that an older document stays away. A stock takes effect in the same way by its own
   * order, and is kept for an event whose document has not come yet or is away. Goes to the generation that answers and
   * to each that is being built. When it resolves, the next question is answered with it, or one a second later.
   */
  apply: (changes: readonly Change[]) => Promise<void>;
  search: (query: SearchQuery) => Promise<SearchAnswer>;
  /** Names of events, venues and cities in which the words stand together, the last one as a beginning; each once. */
  suggest: (query: SuggestQuery) => Promise<readonly string[]>;
  /** How many documents can be found. Null when the index is not there at all, and must be built. */
  count: () => Promise<number | null>;
  /** Only buckets that hold documents. */
  buckets: () => Promise<readonly Bucket[]>;
  /** The documents of one bucket. */
  entries: (bucket: number) => Promise<readonly Entry[]>;
  /** Begins a generation; an earlier one that was never published is dropped. */
  rebuild: () => Promise<Rebuild>;
  close: () => Promise<void>;
};

/** Changes of one `apply` at most. */
export const maxChangesPerApply = 1_000;

/** The engine cannot answer at the moment; the same may be asked again. */
export class EngineAway extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'EngineAway';
  }
}

/** The last two hex digits of an id, as a number. */
export function bucketOf(eventId: string): number {
  return Number.parseInt(eventId.slice(-2), 16);
}
