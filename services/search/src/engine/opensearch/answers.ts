/** What OpenSearch answers, as far as this adapter reads it; an answer of another shape is a bug, not an outage. */
import { z } from 'zod';

const instant = z.string().transform((text) => new Date(text));
const place = z.object({ latitude: z.number(), longitude: z.number() });

/** An event as `_source` keeps it; nothing in it is indexed. */
export const keptDocument = z.object({
  eventId: z.string(),
  name: z.string(),
  description: z.string(),
  venueName: z.string(),
  venueAddress: z.string(),
  venueCity: z.string(),
  venueState: z.string().nullable(),
  venueCountry: z.string(),
  place: place.nullable(),
  eventType: z.string(),
  startsAt: instant,
  endsAt: instant,
  price: z.number(),
  currency: z.string(),
  capacity: z.number(),
  status: z.enum(['published', 'completed']),
  checksum: z.number(),
});

const kept = z.object({
  /** -1: only a stock is known. */
  version: z.number(),
  document: keptDocument.nullable(),
  stock: z.object({ version: z.number(), available: z.number() }).nullable(),
});
export type Kept = z.output<typeof kept>;

const fault = z.object({ type: z.string(), reason: z.string().nullish() });

export const knownAnswer = z.object({
  docs: z.array(
    z.union([
      z.object({
        found: z.literal(true),
        _id: z.string(),
        _seq_no: z.number(),
        _primary_term: z.number(),
        _source: kept,
      }),
      z.object({ found: z.literal(false), _id: z.string() }),
      z.object({ error: fault }),
    ]),
  ),
});

const written = z.object({
  _id: z.string(),
  status: z.number(),
  error: fault.optional(),
});
export const bulkAnswer = z.object({
  items: z.array(z.union([z.object({ index: written }), z.object({ create: written })])),
});

/** Names of indices to the names of their aliases. */
export const aliasAnswer = z.record(z.string(), z.object({ aliases: z.record(z.string(), z.unknown()) }));

export const refusalAnswer = z.object({
  error: z.union([fault, z.string()]),
});

const hit = z.object({
  _score: z.number().nullish(),
  matched_queries: z.record(z.string(), z.number()).optional(),
  /** The values that it was sorted by. */
  sort: z.array(z.unknown()),
  _source: z.object({ document: keptDocument, available: z.number() }),
});
const count = z.object({ key: z.string(), doc_count: z.number() });
const bound = z.object({ value: z.number().nullable() });
const cities = { cities: z.object({ buckets: z.array(count) }) };
const types = { types: z.object({ buckets: z.array(count) }) };
const prices = { least: bound, most: bound };
/** Of what all is counted, or inside a filter of its own name. */
const facets = z.object({
  ...cities,
  ...types,
  ...prices,
  filteredCities: z.object(cities),
  filteredTypes: z.object(types),
  filteredPrices: z.object(prices),
});
export const searchAnswer = z.object({
  hits: z.object({ total: z.object({ value: z.number() }), hits: z.array(hit) }),
  aggregations: facets.partial().optional(),
  suggest: z
    .record(z.string(), z.array(z.object({ options: z.array(z.object({ text: z.string() })) })))
    .optional(),
});
export type SearchReply = z.output<typeof searchAnswer>;

export const countAnswer = z.object({ count: z.number() });

export const bucketsAnswer = z.object({
  aggregations: z.object({
    buckets: z.object({
      buckets: z.array(
        z.object({
          key: z.number(),
          doc_count: z.number(),
          checksums: z.object({ value: z.number() }),
          stockVersions: z.object({ value: z.number() }),
        }),
      ),
    }),
  }),
});

export const entriesAnswer = z.object({
  hits: z.object({
    hits: z.array(
      z.object({
        _id: z.string(),
        _source: z.object({
          version: z.number(),
          checksum: z.number(),
          stock: z.object({ version: z.number(), available: z.number() }).nullable(),
        }),
      }),
    ),
  }),
});

const shownName = z.object({ fields: z.object({ name: z.array(z.string()) }) });
const shownValues = z.object({ values: z.object({ buckets: z.array(z.object({ key: z.string() })) }) });
export const suggestAnswer = z.object({
  responses: z.array(
    z.union([
      z.object({
        status: z.literal(200),
        timed_out: z.boolean(),
        hits: z.object({ hits: z.array(shownName) }),
        aggregations: shownValues.optional(),
      }),
      z.object({ status: z.number(), error: z.object({ type: z.string(), reason: z.string().nullish() }) }),
    ]),
  ),
});
