/**
 * The corpus of the relevance set: some 2,500 events from word lists, the same every time. Whatever an event has is
 * drawn by a hash of its own name, so that a new line in a list changes no other event.
 */
import { createHash } from 'node:crypto';
import { makeDocument } from './documents.ts';
import type { SearchDocument } from '../src/engine/port.ts';
import { acts, teams, type Act, type Genre } from './relevance-acts.ts';
import { cities, citiesIn, type City, type House } from './relevance-places.ts';
import { allWorks, type EventType, type Work } from './relevance-works.ts';

/** The present of the corpus. */
export const corpusNow = new Date('2026-11-20T12:00:00Z');

/** What an event is about, for rules that judge; the engines see nothing of it. */
export type Facts = {
  act: string | null;
  /** The line of `relevance-works.ts`, or of the near duplicates, that it comes from. */
  work: string | null;
  /** Words for its matter, such as `jazz festival`; lower case, without accents. */
  subjects: readonly string[];
  type: EventType;
  city: string;
  house: string;
  year: number;
  isOver: boolean;
  isSoldOut: boolean;
};
export type CorpusEvent = { slug: string; document: SearchDocument; available: number; facts: Facts };

const msPerHour = 3_600_000;
const hoursPerDay = 24;
const farthestDays = 400;
const oldestDays = 300;
const citiesPerTour = 9;
const thisYear = 2026;

/** A number from 0 to `below` - 1 that `slug` and `salt` alone decide. */
function draw(slug: string, salt: string, below: number): number {
  return createHash('sha256').update(`${salt}/${slug}`).digest().readUInt32BE(0) % below;
}

function pick<T>(list: readonly T[], slug: string, salt: string): T {
  const chosen = list[draw(slug, salt, list.length)];
  if (chosen === undefined) throw new Error(`nothing to pick for ${slug}`);
  return chosen;
}

/** `count` different ones, in an order of the slug's own. */
function some<T extends { name: string }>(list: readonly T[], slug: string, count: number): readonly T[] {
  return list
    .toSorted(
      (one, other) =>
        draw(`${slug}/${one.name}`, 'order', 2 ** 31) - draw(`${slug}/${other.name}`, 'order', 2 ** 31),
    )
    .slice(0, count);
}

function idOf(slug: string): string {
  const hex = createHash('sha256').update(slug).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

type Draft = {
  slug: string;
  name: string;
  description: string;
  type: EventType;
  city: City;
  act: string | null;
  work: string | null;
  subjects: readonly string[];
  /** Days from the present; drawn when it is not given. */
  days?: number;
};

function eventOf({ slug, name, description, type, city, act, work, subjects, days }: Draft): CorpusEvent {
  const house: House = pick(city.houses, slug, 'house');
  const isFormer = days === undefined && draw(slug, 'over', 100) < 18;
  const away =
    days ?? (isFormer ? -1 - draw(slug, 'days', oldestDays) : 3 + draw(slug, 'days', farthestDays));
  const startsAt = new Date(corpusNow.getTime() + (away * hoursPerDay + draw(slug, 'hour', 10)) * msPerHour);
  const isOver = away < 0;
  const isSoldOut = draw(slug, 'sold', 100) < 15;
  const capacity = house.capacity;
  const document = makeDocument({
    eventId: idOf(slug),
    name,
    description,
    venueName: house.name,
    venueAddress: house.address,
    venueCity: city.name,
    venueState: city.state,
    venueCountry: city.country,
    place: { latitude: city.latitude, longitude: city.longitude },
    eventType: type,
    startsAt,
    endsAt: new Date(startsAt.getTime() + 3 * msPerHour),
    price: city.currency === 'INR' ? 199 + draw(slug, 'price', 60) * 50 : 9 + draw(slug, 'price', 120),
    currency: city.currency,
    capacity,
    status: isOver ? 'completed' : 'published',
  });
  return {
    slug,
    document,
    available: isSoldOut ? 0 : 1 + draw(slug, 'available', capacity),
    facts: {
      act,
      work,
      subjects,
      type,
      city: city.name,
      house: house.name,
      year: startsAt.getUTCFullYear(),
      isOver,
      isSoldOut,
    },
  };
}

const tours: Readonly<Record<Act['language'], readonly string[]>> = {
  en: ['{act}', '{act} Live', '{act}: the Homecoming Tour', '{act} Unplugged', 'An Evening with {act}'],
  de: ['{act}', '{act} live', '{act}: Das neue Programm', 'Ein Abend mit {act}', '{act} – Abschiedstournee'],
  hi: ['{act}', '{act} लाइव', '{act} के साथ एक शाम', 'संगीत संध्या: {act}'],
};
const genreWords: Readonly<Record<Genre, { type: EventType; about: string }>> = {
  jazz: { type: 'concert', about: 'A night of jazz standards and new pieces.' },
  rock: { type: 'concert', about: 'Rock with loud guitars, old hits and the new album.' },
  metal: { type: 'concert', about: 'Heavy metal with two supports.' },
  indie: { type: 'concert', about: 'Indie songs between whisper and noise.' },
  pop: { type: 'concert', about: 'The pop tour of the year with band and dancers.' },
  electronic: { type: 'concert', about: 'An electronic live set with visuals.' },
  folk: { type: 'concert', about: 'Folk songs, stories and a fiddle.' },
  classical: { type: 'concert', about: 'A classical programme from Bach to Glass.' },
  hindustani: { type: 'cultural', about: 'A Hindustani classical recital of evening ragas.' },
  ghazal: { type: 'cultural', about: 'Ghazals and poems by candlelight.' },
  brass: { type: 'concert', about: 'Brass music, marches and polka.' },
  choir: { type: 'concert', about: 'Choir music of five centuries.' },
  comedy: { type: 'entertainment', about: 'Stand-up comedy, ninety minutes without an interval.' },
  dance: { type: 'cultural', about: 'An evening of dance with live musicians.' },
};

function toursOf(act: Act): CorpusEvent[] {
  const home =
    act.language === 'hi' ? ['India'] : act.language === 'de' ? ['Germany', 'Switzerland', 'Austria'] : null;
  const places = home === null ? cities : citiesIn(...home);
  const title = pick(tours[act.language], act.id, 'title');
  const { type, about } = genreWords[act.genre];
  return some(places, act.id, citiesPerTour).map((city, index) => {
    const slug = `${act.id}@${city.name}`;
    // Every third poster has another title, as promoters do.
    const shown = index % 3 === 2 ? pick(tours[act.language], slug, 'title') : title;
    const also = act.also === undefined ? '' : ` ${act.also}.`;
    return eventOf({
      slug,
      name: shown.replace('{act}', act.name),
      description: `${about}${also}`,
      type,
      city,
      act: act.id,
      work: null,
      subjects: [act.genre, type],
    });
  });
}

function placesOf({ where, id, times }: Work): readonly City[] {
  const all = {
    india: citiesIn('India'),
    germany: citiesIn('Germany'),
    'german-speaking': citiesIn('Germany', 'Switzerland', 'Austria'),
    everywhere: cities,
  }[where];
  return some(all, id, times);
}

function showingsOf(work: Work): CorpusEvent[] {
  const years = work.yearly ? [thisYear - 1, thisYear, thisYear + 1] : [null];
  return placesOf(work).flatMap((city) =>
    years.map((year) => {
      const slug = `${work.id}@${city.name}${year === null ? '' : `/${year}`}`;
      const days = year === null ? {} : { days: dayIn(year, slug) };
      return eventOf({
        slug,
        name: work.title.replace('{city}', city.name).replace('{year}', String(year)),
        description: work.about,
        type: work.type,
        city,
        act: null,
        work: work.id,
        subjects: work.subjects,
        ...days,
      });
    }),
  );
}

/** Days from the present to one in `year`; of this year, one that is still to come. */
function dayIn(year: number, slug: string): number {
  const from = year === thisYear ? corpusNow.getTime() : Date.UTC(year, 0, 2);
  const days = Math.floor((Date.UTC(year, 11, 29) - from) / (hoursPerDay * msPerHour));
  return Math.floor((from - corpusNow.getTime()) / (hoursPerDay * msPerHour)) + draw(slug, 'day', days);
}

function matches(): CorpusEvent[] {
  return teams.flatMap((home) =>
    teams
      .filter((guest) => guest.sport === home.sport && guest.name !== home.name)
      .map((guest) => {
        const city = cities.find(({ name }) => name === home.city);
        if (city === undefined) throw new Error(`${home.name} plays nowhere`);
        return eventOf({
          slug: `${home.name} v ${guest.name}`,
          name: `${home.name} vs ${guest.name}`,
          description: `League match, ${home.sport}. Gates open two hours before.`,
          type: 'sports',
          city,
          act: home.name,
          work: null,
          subjects: [home.sport, guest.name],
        });
      }),
  );
}

/** What looks like something else: cities in names of events elsewhere, houses called like a genre, days of a festival. */
function nearDuplicates(): CorpusEvent[] {
  const at = (name: string): City => {
    const city = cities.find((one) => one.name === name);
    if (city === undefined) throw new Error(`there is no ${name}`);
    return city;
  };
  const lines: readonly [string, string, string, EventType, string, string][] = [
    [
      'berlin-techno-mumbai',
      'Berlin Techno Night',
      'Mumbai',
      'entertainment',
      'electronic party',
      'Resident disc jockeys play what Berlin plays.',
    ],
    [
      'berlin-techno-pune',
      'Berlin Techno Night',
      'Pune',
      'entertainment',
      'electronic party',
      'Resident disc jockeys play what Berlin plays.',
    ],
    [
      'bollywood-berlin',
      'Bollywood Night',
      'Berlin',
      'entertainment',
      'bollywood party',
      'Hindi film songs until four.',
    ],
    [
      'bollywood-london',
      'Bollywood Night',
      'London',
      'entertainment',
      'bollywood party',
      'Hindi film songs until four.',
    ],
    [
      'bollywood-musical',
      'Mumbai Dreams: a Bollywood Musical',
      'Köln',
      'entertainment',
      'bollywood musical',
      'Love, trains and monsoon on stage.',
    ],
    [
      'oktoberfest-bengaluru',
      'Oktoberfest Bengaluru',
      'Bengaluru',
      'festival',
      'oktoberfest beer',
      'Beer, pretzels and brass under one tent.',
    ],
    [
      'oktoberfest-muenchen',
      'Oktoberfest-Zelt: Tischreservierung',
      'München',
      'festival',
      'oktoberfest beer',
      'Ein Tisch für zehn, mit Blasmusik und Bier.',
    ],
    [
      'jazz-history',
      'A Short History of Jazz',
      'London',
      'workshop',
      'jazz lecture',
      'A lecture with records; no festival, no dancing.',
    ],
    [
      'jazz-brunch',
      'Sunday Jazz Brunch',
      'Hamburg',
      'entertainment',
      'jazz brunch',
      'Pancakes, coffee and a trio in the corner.',
    ],
    [
      'festival-lawyers',
      'Law for Festival Organizers',
      'Frankfurt am Main',
      'conference',
      'law conference',
      'Contracts for jazz, rock and film festivals.',
    ],
    [
      'marathon-film',
      'Horror Film Marathon',
      'Leipzig',
      'entertainment',
      'film cinema',
      'Six films until breakfast; bring a pillow.',
    ],
    [
      'marathon-talk',
      'How I Ran my First Marathon',
      'Pune',
      'workshop',
      'running lecture',
      'A runner tells of training and toenails.',
    ],
    [
      'new-year-mumbai',
      "New Year's Eve Gala 2026",
      'Mumbai',
      'entertainment',
      'new-year party',
      'Dinner, orchestra and fireworks over the bay.',
    ],
    [
      'new-year-berlin',
      'Silvester am Ufer 2026',
      'Berlin',
      'entertainment',
      'new-year party',
      'Feuerwerk, Musik und Pfannkuchen um Mitternacht.',
    ],
    [
      'new-year-koeln',
      'Silvesterkonzert',
      'Köln',
      'concert',
      'new-year konzert',
      'Beethovens Neunte am letzten Abend des Jahres.',
    ],
    [
      'new-year-old',
      "New Year's Eve Gala 2025",
      'Mumbai',
      'entertainment',
      'new-year party',
      'Dinner, orchestra and fireworks over the bay.',
    ],
    [
      'holi-berlin',
      'Holi Festival der Farben',
      'Berlin',
      'festival',
      'holi feast',
      'Farbpulver, Musik und indisches Essen im Park.',
    ],
    [
      'yoga-goethe',
      'Yoga für den Rücken',
      'München',
      'workshop',
      'yoga gesundheit',
      'Sanfte Übungen für alle, die viel sitzen.',
    ],
    [
      'paper-craft',
      'Paper Lantern Craft Evening',
      'Jaipur',
      'workshop',
      'craft workshop',
      'Fold and paint a lantern of your own.',
    ],
    [
      'tiger-safari',
      'Tigers of Ranthambore: Photographs',
      'Jaipur',
      'exhibition',
      'photography exhibition',
      'Thirty years of tigers on film.',
    ],
    [
      'cobalt-pottery',
      'Cobalt Blue: Pottery of Jaipur',
      'Jaipur',
      'exhibition',
      'pottery exhibition',
      'Glazes and patterns of three centuries.',
    ],
    [
      'chess-musical',
      'Checkmate: the Chess Musical',
      'New York',
      'entertainment',
      'musical chess',
      'Two grandmasters, one love.',
    ],
  ];
  return lines.map(([slug, name, city, type, subjects, description]) =>
    eventOf({
      slug,
      name,
      description,
      type,
      city: at(city),
      act: null,
      work: slug,
      subjects: subjects.split(' '),
      days: slug === 'new-year-old' ? -323 : slug.startsWith('new-year') ? 41 : 5 + draw(slug, 'day', 200),
    }),
  );
}

const bandNouns =
  'Foxes Rivers Machines Gardens Strangers Satellites Mirrors Horses Sailors Clouds Engines Prophets Wolves Letters Windows Pilots'.split(
    ' ',
  );
const bandColours =
  'Crimson Hollow Gentle Electric Wandering Silent Golden Broken Midnight Distant Amber Lucky Restless Tiny Savage Pale'.split(
    ' ',
  );

/** One night each of bands that nobody asks for: what most of a catalogue is. */
function gigs(): CorpusEvent[] {
  return bandColours.flatMap((colour) =>
    bandNouns.map((noun) => {
      const slug = `gig/${colour}-${noun}`;
      const genre = pick(['rock', 'indie', 'metal', 'folk', 'electronic', 'pop'] as const, slug, 'genre');
      return eventOf({
        slug,
        name: `The ${colour} ${noun}`,
        description: genreWords[genre].about,
        type: 'concert',
        city: pick(cities, slug, 'city'),
        act: slug,
        work: null,
        subjects: [genre, 'concert'],
      });
    }),
  );
}

/** All events; the same ids, words, dates and stocks in every run. */
export function makeCorpus(): CorpusEvent[] {
  return [
    ...acts.flatMap(toursOf),
    ...allWorks.flatMap(showingsOf),
    ...matches(),
    ...gigs(),
    ...nearDuplicates(),
  ];
}
