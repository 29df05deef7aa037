/** What every search engine promises, as tests that run against each adapter. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bucketOf, sorts, type Change, type SearchEngine, type SearchQuery } from '../src/engine/port.ts';
import { ask, begun, drop, hoursAway, makeDocument, put, stock } from './documents.ts';

/** One adapter under test. */
export type EngineUnderTest = {
  name: string;
  /** An engine with an index of its own, prepared and empty; `close` leaves nothing of it behind. */
  open: () => Promise<{ engine: SearchEngine; close: () => Promise<void> }>;
};

type At = { engine: SearchEngine };
// An engine may show a change a second after it took it.
const shownWithinMs = 5_000;

/** Registers the contract for one adapter. */
export function describeEngine(adapter: EngineUnderTest): void {
  describe(`the engine ${adapter.name}`, () => {
    let at: At & { close: () => Promise<void> };
    beforeEach(async () => {
      at = await adapter.open();
    });
    afterEach(() => at.close());
    const under: At = {
      get engine() {
        return at.engine;
      },
    };
    describeOrder(under);
    describeRebuild(under);
    describeText(under);
    describeFilters(under);
    describeSorting(under);
    describeSuggestions(under);
    describeHostileWords(under);
  });
}

async function idsOf({ engine }: At, query: SearchQuery): Promise<string[]> {
  return (await engine.search(query)).hits.map((hit) => hit.document.eventId);
}

/** Waits until what was applied can be seen. */
function shown<T>(read: () => Promise<T>) {
  return expect.poll(read, { timeout: shownWithinMs, interval: 50 });
}

async function fill(at: At, changes: readonly Change[]): Promise<void> {
  await at.engine.apply(changes);
  const events = new Set(
    changes.flatMap((each) => (each.kind === 'document' ? [each.document.eventId] : [])),
  );
  await shown(() => at.engine.count()).toBeGreaterThanOrEqual(events.size);
}

function describeOrder(at: At): void {
  test('an older document never replaces a newer one, in one call or in two', async () => {
    const old = makeDocument({ name: 'Old name' });
    const renamed = makeDocument({ ...old, name: 'New name' });
    await at.engine.apply([put(renamed, 7), put(old, 3)]);
    await at.engine.apply([put(old, 6)]);
    await shown(() => idsOf(at, ask('new name'))).toEqual([old.eventId]);
    expect(await idsOf(at, ask('', { limit: 5 }))).toEqual([old.eventId]);
    expect(await at.engine.entries(bucketOf(old.eventId))).toMatchObject([
      { eventId: old.eventId, version: 7, checksum: renamed.checksum, stockVersion: null, available: null },
    ]);
  });

  test('a removal is remembered, and only a newer document comes back', async () => {
    const event = makeDocument();
    await fill(at, [put(event, 4)]);
    await at.engine.apply([drop(event.eventId, 5)]);
    await shown(() => at.engine.count()).toBe(0);
    await at.engine.apply([put(event, 4)]);
    await at.engine.apply([put(makeDocument(), 1)]);
    await shown(() => at.engine.count()).toBe(1);
    await at.engine.apply([put(event, 6)]);
    await shown(() => at.engine.count()).toBe(2);
  });

  test('a removal that comes before its document keeps it away', async () => {
    const event = makeDocument();
    await at.engine.apply([drop(event.eventId, 5), put(event, 4)]);
    await at.engine.apply([put(event, 3), put(makeDocument(), 1)]);
    await shown(() => at.engine.count()).toBe(1);
    expect(await idsOf(at, ask(''))).not.toContain(event.eventId);
  });

  test('stock has an order of its own, and outlives a new document and a removal', async () => {
    const event = makeDocument({ capacity: 50 });
    const availableNow = async (): Promise<number | undefined> =>
      (await at.engine.search(ask('ragas'))).hits[0]?.available;
    await fill(at, [put(event, 1)]);
    expect(await availableNow()).toBe(50);
    await at.engine.apply([stock(event.eventId, 9, 12), stock(event.eventId, 8, 40)]);
    await at.engine.apply([stock(event.eventId, 3, 45)]);
    await shown(availableNow).toBe(12);
    await at.engine.apply([put(makeDocument({ ...event, description: 'Now with a choir.' }), 2)]);
    await shown(() => idsOf(at, ask('choir'))).toEqual([event.eventId]);
    expect(await availableNow()).toBe(12);
    await at.engine.apply([drop(event.eventId, 3), put(event, 4)]);
    await shown(availableNow).toBe(12);
    // The same version again, as a repair says it.
    await at.engine.apply([stock(event.eventId, 9, 11)]);
    await shown(availableNow).toBe(11);
    expect(await at.engine.entries(bucketOf(event.eventId))).toMatchObject([
      { stockVersion: 9, available: 11 },
    ]);
  });

  test('a stock that comes before its document is kept, and shows no event', async () => {
    const event = makeDocument({ capacity: 50 });
    await at.engine.apply([stock(event.eventId, 2, 0)]);
    await fill(at, [put(makeDocument())]);
    expect(await at.engine.count()).toBe(1);
    expect((await at.engine.buckets()).reduce((sum, bucket) => sum + bucket.documents, 0)).toBe(1);
    await at.engine.apply([put(event, 1)]);
    await shown(() => at.engine.count()).toBe(2);
    const found = (await at.engine.search(ask(''))).hits.find(
      (hit) => hit.document.eventId === event.eventId,
    );
    expect(found?.available).toBe(0);
  });

  test('an equal version replaces, so that a damaged document can be repaired', async () => {
    const event = makeDocument();
    await fill(at, [put({ ...event, name: 'Damaged', checksum: 1 }, 5)]);
    await at.engine.apply([put(event, 5)]);
    await shown(() => idsOf(at, ask('evening'))).toEqual([event.eventId]);
  });

  test('repeating changes changes nothing, and sums of buckets are exact', async () => {
    const events = Array.from({ length: 40 }, (_, index) =>
      makeDocument({ name: `Night ${index}`, checksum: 0xffff_ffff - index }),
    );
    const changes = events.flatMap((event, index) => [put(event, 2), stock(event.eventId, index + 1, 3)]);
    await fill(at, changes);
    await at.engine.apply(changes.toReversed());
    const buckets = await at.engine.buckets();
    const sum = (of: (index: number) => number): number =>
      events.reduce((all, _, index) => all + of(index), 0);
    await shown(() => at.engine.count()).toBe(40);
    expect(buckets.reduce((all, each) => all + each.documents, 0)).toBe(40);
    expect(buckets.reduce((all, each) => all + each.checksums, 0)).toBe(sum((index) => 0xffff_ffff - index));
    expect(buckets.reduce((all, each) => all + each.stockVersions, 0)).toBe(sum((index) => index + 1));
    for (const { bucket, documents } of buckets)
      expect(await at.engine.entries(bucket)).toHaveLength(documents);
  });
}

function describeRebuild(at: At): void {
  test('a new generation answers only when it is published, and then alone', async () => {
    const [kept, gone] = [makeDocument({ name: 'Kept' }), makeDocument({ name: 'Gone' })];
    await fill(at, [put(kept), put(gone)]);
    const rebuild = await at.engine.rebuild();
    await rebuild.apply([put(kept)]);
    expect(await at.engine.count()).toBe(2);
    await rebuild.publish();
    await rebuild.tidy();
    await shown(() => at.engine.count()).toBe(1);
    expect(await idsOf(at, ask('kept'))).toEqual([kept.eventId]);
    expect(await idsOf(at, ask('gone'))).toEqual([]);
  });

  test('what is applied while a generation fills is in it, whatever the filling says later', async () => {
    const event = makeDocument({ name: 'Before' });
    await fill(at, [put(event, 1)]);
    const rebuild = await at.engine.rebuild();
    await at.engine.apply([put(makeDocument({ ...event, name: 'After' }), 2), stock(event.eventId, 8, 1)]);
    await rebuild.apply([put(event, 1), stock(event.eventId, 7, 90)]);
    await rebuild.publish();
    await shown(() => idsOf(at, ask('after'))).toEqual([event.eventId]);
    expect((await at.engine.search(ask('after'))).hits[0]?.available).toBe(1);
  });

  test('an abandoned generation leaves the present one as it is, and another can begin', async () => {
    const event = makeDocument();
    await fill(at, [put(event)]);
    await (await at.engine.rebuild()).abandon();
    expect(await at.engine.count()).toBe(1);
    // One whose process died is dropped by the next.
    await at.engine.rebuild();
    const rebuild = await at.engine.rebuild();
    await rebuild.apply([put(event)]);
    await rebuild.publish();
    await shown(() => at.engine.count()).toBe(1);
    // Whoever was not told that the switch took place gives it up, and it goes on answering.
    await rebuild.abandon();
    expect(await at.engine.count()).toBe(1);
    expect(await idsOf(at, ask('evening'))).toEqual([event.eventId]);
  });

  test('questions are answered in full while generations change', async () => {
    const events = Array.from({ length: 20 }, (_, index) => makeDocument({ name: `Chorus ${index}` }));
    await fill(
      at,
      events.map((event) => put(event)),
    );
    const asking = { stop: false, least: 20, asked: 0 };
    const questions = (async () => {
      while (!asking.stop) {
        const { total } = await at.engine.search(ask('chorus'));
        asking.least = Math.min(asking.least, total);
        asking.asked += 1;
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      const rebuild = await at.engine.rebuild();
      await rebuild.apply(events.map((event) => put(event)));
      await rebuild.publish();
      await rebuild.tidy();
    }
    asking.stop = true;
    await questions;
    expect(asking.asked).toBeGreaterThan(0);
    expect(asking.least).toBe(20);
  });
}

function describeText(at: At): void {
  test('one typing error is forgiven, in Latin and in other scripts', async () => {
    const events = [
      makeDocument({ name: 'Symphony under the Stars' }),
      makeDocument({ name: 'Kabarett im Gärtnerplatz', venueCity: 'München' }),
      makeDocument({ name: 'दीवाली संगीत महोत्सव' }),
    ];
    await fill(
      at,
      events.map((event) => put(event)),
    );
    for (const typed of ['symphony', 'symphnoy', 'symfony', 'simphony'])
      expect(await idsOf(at, ask(typed)), typed).toEqual([events[0]?.eventId]);
    for (const typed of ['kabarett', 'kabaret', 'gaertnerplatz', 'gartnerplatz', 'GÄRTNERPLATZ'])
      expect(await idsOf(at, ask(typed)), typed).toEqual([events[1]?.eventId]);
    for (const typed of ['दीवाली', 'संगीत', 'महोत्सव', 'महोत्सब'])
      expect(await idsOf(at, ask(typed)), typed).toEqual([events[2]?.eventId]);
  });

  test('English word forms and accents do not matter', async () => {
    const event = makeDocument({ name: 'Dancing Lights at Café Móntaña', description: 'Painted lanterns.' });
    await fill(at, [put(event), put(makeDocument({ name: 'Chess Open' }))]);
    for (const typed of ['dance light', 'dances', 'lantern', 'cafe montana', 'CAFÉ'])
      expect(await idsOf(at, ask(typed)), typed).toEqual([event.eventId]);
  });

  test('every word must be there when something has all of them', async () => {
    const both = makeDocument({ name: 'Jazz Brunch' });
    await fill(at, [
      put(both),
      put(makeDocument({ name: 'Jazz Night' })),
      put(makeDocument({ name: 'Brunch' })),
    ]);
    const { hits } = await at.engine.search(ask('jazz brunch'));
    expect(hits[0]?.document.eventId).toBe(both.eventId);
  });

  test('the name counts more than the venue, and the venue more than the description', async () => {
    const described = makeDocument({ name: 'One', description: 'As heard at Phoenix.' });
    const named = makeDocument({ name: 'Phoenix' });
    const housed = makeDocument({ name: 'Two', venueName: 'Phoenix' });
    await fill(at, [put(described), put(named), put(housed)]);
    expect(await idsOf(at, ask('phoenix'))).toEqual([named, housed, described].map((each) => each.eventId));
  });

  test('what is to come stands before what is over, what can be bought before what is sold out', async () => {
    const over = makeDocument({ startsAt: hoursAway(-50), endsAt: hoursAway(-48), status: 'completed' });
    const soldOut = makeDocument();
    const open = makeDocument();
    await fill(at, [put(over), put(soldOut), put(open), stock(soldOut.eventId, 1, 0)]);
    await shown(() => idsOf(at, ask('ragas'))).toEqual([open, soldOut, over].map((each) => each.eventId));
  });

  test('a word that nothing has finds nothing, and says so in its counts', async () => {
    await fill(at, [put(makeDocument())]);
    const answer = await at.engine.search(ask('zqxjkvw'));
    expect(answer).toEqual({
      hits: [],
      total: 0,
      facets: { cities: [], eventTypes: [], priceRange: null },
    });
  });
}

function describeFilters(at: At): void {
  const corpus = () => ({
    goa: makeDocument({ venueCity: 'Goa', eventType: 'festival', price: 100, startsAt: hoursAway(24) }),
    goaTalk: makeDocument({ venueCity: 'Goa', eventType: 'conference', price: 900, startsAt: hoursAway(48) }),
    pune: makeDocument({ venueCity: 'Pune', eventType: 'festival', price: 500.25, startsAt: hoursAway(72) }),
    köln: makeDocument({ venueCity: 'Köln', eventType: 'concert', price: 0, startsAt: hoursAway(96) }),
  });

  test('each filter leaves what it says, bounds included below and dates excluded above', async () => {
    const { goa, goaTalk, pune, köln } = corpus();
    await fill(at, [put(goa), put(goaTalk), put(pune), put(köln)]);
    const left = (filters: Parameters<typeof ask>[1]): Promise<string[]> =>
      idsOf(at, ask('', { sort: 'date', ...filters })).then((ids) => ids);
    const ids = (...events: { eventId: string }[]): string[] => events.map((event) => event.eventId);
    expect(await left({ filters: { city: 'GOA' } })).toEqual(ids(goa, goaTalk));
    expect(await left({ filters: { city: 'koln' } })).toEqual(ids(köln));
    expect(await left({ filters: { type: 'festival' } })).toEqual(ids(goa, pune));
    expect(await left({ filters: { minPrice: 100, maxPrice: 500.25 } })).toEqual(ids(goa, pune));
    expect(await left({ filters: { startsFrom: hoursAway(48), startsBefore: hoursAway(96) } })).toEqual(
      ids(goaTalk, pune),
    );
    expect(await left({ filters: { city: 'Goa', type: 'concert' } })).toEqual([]);
  });

  test('each facet counts what the other filters leave', async () => {
    const { goa, goaTalk, pune, köln } = corpus();
    await fill(at, [put(goa), put(goaTalk), put(pune), put(köln)]);
    const { facets, total } = await at.engine.search(ask('', { filters: { city: 'goa', type: 'festival' } }));
    expect(total).toBe(1);
    expect(facets).toEqual({
      cities: [
        { value: 'Goa', count: 1 },
        { value: 'Pune', count: 1 },
      ],
      eventTypes: [
        { value: 'conference', count: 1 },
        { value: 'festival', count: 1 },
      ],
      priceRange: { min: 100, max: 100 },
    });
    const cheap = await at.engine.search(ask('', { filters: { maxPrice: 150 } }));
    expect(cheap.facets?.cities).toEqual([
      { value: 'Goa', count: 1 },
      { value: 'Köln', count: 1 },
    ]);
    expect(cheap.facets?.priceRange).toEqual({ min: 0, max: 900 });
    expect((await at.engine.search(ask('', { facets: false }))).facets).toBeNull();
  });

  test('pages follow each other without gap or repetition, and nothing may be asked but counts', async () => {
    const events = Array.from({ length: 25 }, () => makeDocument());
    await fill(
      at,
      events.map((event) => put(event)),
    );
    const pages = await Promise.all(
      [0, 10, 20].map((offset) => idsOf(at, ask('ragas', { offset, limit: 10 }))),
    );
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(new Set(pages.flat()).size).toBe(25);
    expect(await at.engine.search(ask('ragas', { limit: 0 }))).toMatchObject({ hits: [], total: 25 });
  });
}

function describeSorting(at: At): void {
  test('sorts by date with what is over last, by price, and by distance', async () => {
    const place = (latitude: number, longitude: number) => ({ latitude, longitude });
    const berlin = makeDocument({ price: 30, startsAt: hoursAway(10), place: place(52.52, 13.405) });
    const potsdam = makeDocument({ price: 10, startsAt: hoursAway(30), place: place(52.39, 13.064) });
    const nowhere = makeDocument({ price: 20, startsAt: hoursAway(20) });
    const over = makeDocument({
      price: 40,
      startsAt: hoursAway(-30),
      endsAt: hoursAway(-28),
      place: place(-33.87, 151.21),
    });
    await fill(at, [put(berlin), put(potsdam), put(nowhere), put(over)]);
    const ids = (...events: { eventId: string }[]): string[] => events.map((event) => event.eventId);
    expect(await idsOf(at, ask('', { sort: 'date' }))).toEqual(ids(berlin, nowhere, potsdam, over));
    expect(await idsOf(at, ask('ragas', { sort: 'price' }))).toEqual(ids(potsdam, nowhere, berlin, over));
    const near = place(52.5, 13.4);
    const { hits } = await at.engine.search(ask('', { sort: 'distance', near }));
    expect(hits.map((hit) => hit.document.eventId)).toEqual(ids(berlin, potsdam, over, nowhere));
    const [first, second, , last] = hits.map((hit) => hit.distanceKm);
    expect(first).toBeCloseTo(2.25, 0);
    expect(second).toBeCloseTo(25.8, 0);
    expect(last).toBeNull();
  });

  test('whatever is typed and left by filters, every order has the same events, and words have a score', async () => {
    const place = { latitude: 52.5, longitude: 13.4 };
    const open = makeDocument({ place, startsAt: hoursAway(10) });
    const over = makeDocument({ startsAt: hoursAway(-30), endsAt: hoursAway(-28) });
    await fill(at, [put(open), put(over), stock(open.eventId, 1, 0)]);
    const { venueCity: city, eventType: type, price } = open;
    const filtered = { city, type, minPrice: price - 1, maxPrice: price + 1, startsFrom: hoursAway(-99) };
    for (const typed of ['', 'ragas', 'ragsa', 'evening ragas', 'xylophone ragas'])
      for (const filters of [{}, filtered])
        for (const near of [null, place])
          for (const sort of sorts) {
            if (sort === 'distance' && near === null) continue;
            const { hits, total } = await at.engine.search(ask(typed, { sort, near, filters }));
            const found = new Set(hits.map(({ document }) => document.eventId));
            expect([typed, sort, total, found]).toEqual([typed, sort, 2, new Set([open, over].map(idOf))]);
            for (const { score } of hits) expect(score > 0).toBe(typed !== '');
          }
  });
}

const idOf = ({ eventId }: { eventId: string }): string => eventId;

function describeSuggestions(at: At): void {
  test('a beginning suggests names, venues and cities, each once, also from the middle of a name', async () => {
    await fill(at, [
      put(makeDocument({ name: 'Monsoon Jazz', venueName: 'Moti Mahal', venueCity: 'Mysuru' })),
      put(makeDocument({ name: 'Monsoon Jazz', venueName: 'Moti Mahal', venueCity: 'Mysuru' })),
      put(makeDocument({ name: 'Jazz by the Sea', venueName: 'Pier', venueCity: 'Élan' })),
    ]);
    expect([...(await at.engine.suggest(begun('mo')))].toSorted()).toEqual(['Monsoon Jazz', 'Moti Mahal']);
    expect([...(await at.engine.suggest(begun('JAZZ')))].toSorted()).toEqual([
      'Jazz by the Sea',
      'Monsoon Jazz',
    ]);
    expect(await at.engine.suggest(begun('jazz by'))).toEqual(['Jazz by the Sea']);
    expect(await at.engine.suggest(begun('elan'))).toEqual(['Élan']);
    expect(await at.engine.suggest(begun('mys', 1))).toEqual(['Mysuru']);
    expect(await at.engine.suggest(begun('zzz'))).toEqual([]);
  });

  test('nothing is suggested that cannot be found any more', async () => {
    const event = makeDocument({ name: 'Vanishing Act' });
    await fill(at, [put(event, 1)]);
    await shown(() => at.engine.suggest(begun('vanish'))).toEqual(['Vanishing Act']);
    await at.engine.apply([drop(event.eventId, 2)]);
    await shown(() => at.engine.suggest(begun('vanish'))).toEqual([]);
  });
}

// What a tokeniser would never let through, and what it would: an adapter must bear both.
const hostileTokens = [
  "' or 1=1 --",
  'a & b | !c <-> (',
  'name:* AND _exists_:x',
  '*:*',
  '/.*/',
  '{"script":{"source":"while(true){}"}}',
  '\\',
  '"',
  "'",
  '\u200b',
  '%_',
  'x'.repeat(1_000),
];

function describeHostileWords(at: At): void {
  test('words that would mean something in a query language mean nothing', async () => {
    await fill(at, [put(makeDocument())]);
    for (const token of hostileTokens) {
      const query = { ...ask('x'), text: { tokens: [token] } };
      expect((await at.engine.search(query)).total, token).toBe(0);
      expect(await at.engine.suggest({ ...begun('x'), prefix: token }), token).toEqual([]);
      const filtered = await at.engine.search(ask('', { filters: { city: token, type: token } }));
      expect(filtered.total, token).toBe(0);
    }
    const many = Array.from({ length: 16 }, (_, index) => `word${index}`);
    expect((await at.engine.search({ ...ask('x'), text: { tokens: many } })).total).toBe(0);
  });
}
