/** The catalog that the benchmark of search indexes and asks: as many events as are wanted, the same every time. */
import { createHash } from 'node:crypto';
import { checksumOf, type CatalogDocument } from '@evently/contracts/search';

export type CatalogEvent = {
  eventId: string;
  version: number;
  checksum: number;
  available: number;
  document: CatalogDocument;
};

const words = (text: string): readonly string[] => text.split(' ');
const colours = words(
  'Crimson Hollow Gentle Electric Wandering Silent Golden Broken Midnight Distant Amber Lucky Restless Tiny Savage Pale Velvet Iron Paper Northern Cobalt Saffron Marigold Static',
);
const nouns = words(
  'Foxes Rivers Machines Gardens Strangers Satellites Mirrors Horses Sailors Clouds Engines Prophets Wolves Letters Windows Pilots Lanterns Tigers Harbours Meridians Drivers Riders Orchestras Quartets',
);
const kinds = [
  ['concert', 'Live', 'An evening of songs old and new, with two supports and a bar'],
  ['festival', 'Festival', 'Three days of music, food and markets on four stages by the river'],
  ['conference', 'Summit', 'Talks, workshops and a long corridor for everyone who builds things'],
  ['workshop', 'Workshop', 'Learn it in an afternoon from people who do it every day; tools are there'],
  ['exhibition', 'Exhibition', 'Paintings, photographs and objects that were never shown together'],
  ['sports', 'Cup', 'League match; gates open two hours before, children come in free'],
  ['cultural', 'Sammelan', 'Poets, dancers and singers of six languages, until midnight'],
  ['entertainment', 'Comedy Night', 'Ten newcomers and one master, five minutes each'],
] as const;
const subjects = words(
  'Jazz Rock Folk Indie Techno Blues Classical Poetry Pottery Photography Cloud Climate Medicine Robotics Cricket Football Chess Yoga Cooking Film Theatre Magic Circus Kite Light Books Design Beer Coffee Spice Tabla Sitar Kathak Orgel Kammermusik Weihnacht संगीत कविता नृत्य',
);
const cities = [
  ['Mumbai', 'Maharashtra', 'India', 'INR', 19.08, 72.88],
  ['New Delhi', 'Delhi', 'India', 'INR', 28.61, 77.21],
  ['Bengaluru', 'Karnataka', 'India', 'INR', 12.97, 77.59],
  ['Chennai', 'Tamil Nadu', 'India', 'INR', 13.08, 80.27],
  ['Kolkata', 'West Bengal', 'India', 'INR', 22.57, 88.36],
  ['Hyderabad', 'Telangana', 'India', 'INR', 17.39, 78.49],
  ['Pune', 'Maharashtra', 'India', 'INR', 18.52, 73.86],
  ['Jaipur', 'Rajasthan', 'India', 'INR', 26.91, 75.79],
  ['Berlin', 'Berlin', 'Germany', 'EUR', 52.52, 13.4],
  ['München', 'Bayern', 'Germany', 'EUR', 48.14, 11.58],
  ['Hamburg', 'Hamburg', 'Germany', 'EUR', 53.55, 9.99],
  ['Köln', 'Nordrhein-Westfalen', 'Germany', 'EUR', 50.94, 6.96],
  ['London', 'England', 'United Kingdom', 'GBP', 51.51, -0.13],
  ['New York', 'New York', 'United States', 'USD', 40.71, -74.01],
  ['São Paulo', 'São Paulo', 'Brazil', 'BRL', -23.55, -46.63],
  ['Zürich', 'Zürich', 'Switzerland', 'CHF', 47.38, 8.54],
] as const;
const houses = words('Arena Hall Theatre Garden Pavilion Studio Club Stadium Auditorium Courtyard');

const msPerHour = 3_600_000;
const hoursAhead = 9_600;
const hoursBehind = 2_400;
const soldOutOf = 7;

/** One number after another, from the event's own digest. */
function createDice(index: number): (below: number) => number {
  const digest = createHash('sha256').update(`event ${index}`).digest();
  let at = 0;
  return (below) => {
    at = (at + 2) % (digest.length - 1);
    return digest.readUInt16BE(at) % below;
  };
}

function from<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

/** `nowMs` is the present that dates are counted from. */
export function makeCatalog(count: number, nowMs: number): CatalogEvent[] {
  return Array.from({ length: count }, (_, index) => makeEvent(index, nowMs)).toSorted((a, b) =>
    a.eventId < b.eventId ? -1 : 1,
  );
}

function makeEvent(index: number, nowMs: number): CatalogEvent {
  const dice = createDice(index);
  const hex = createHash('sha256').update(`id ${index}`).digest('hex');
  const eventId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const [type, title, about] = from(kinds, dice(kinds.length));
  const [city, state, country, currency, latitude, longitude] = from(cities, dice(cities.length));
  const subject = from(subjects, dice(subjects.length));
  const band = `${from(colours, dice(colours.length))} ${from(nouns, dice(nouns.length))}`;
  const house = `${from(colours, dice(colours.length))} ${from(houses, dice(houses.length))}`;
  const startsMs = Math.round(nowMs + (dice(hoursAhead + hoursBehind) - hoursBehind) * msPerHour);
  const endsMs = startsMs + 3 * msPerHour;
  const capacity = 100 + dice(20_000);
  const document: CatalogDocument = {
    name: `${band}: ${subject} ${title} ${city}`,
    description: `${about}. ${subject} with ${from(colours, dice(colours.length))} ${from(nouns, dice(nouns.length))} as guests.`,
    venue_name: house,
    venue_address: `${1 + dice(300)} ${from(nouns, dice(nouns.length))} Road`,
    venue_city: city,
    venue_state: state,
    venue_country: country,
    latitude,
    longitude,
    event_type: type,
    starts_at: new Date(startsMs).toISOString(),
    ends_at: new Date(endsMs).toISOString(),
    price_minor: 500 + dice(50_000),
    currency,
    capacity,
    status: endsMs < nowMs ? 'completed' : 'published',
  };
  const available = dice(soldOutOf) === 0 ? 0 : 1 + dice(capacity);
  return { eventId, version: 1, checksum: checksumOf(document), available, document };
}

/** What people type, drawn from the same words: some with a city as a filter, one in ten with a typing error. */
export function makeSearches(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const dice = createDice(index + 7_000_000);
    const [, title] = from(kinds, dice(kinds.length));
    const [city] = from(cities, dice(cities.length));
    const subject = from(subjects, dice(subjects.length));
    const band = `${from(colours, dice(colours.length))} ${from(nouns, dice(nouns.length))}`;
    const typed = from(
      [`${subject} ${title}`, band, `${subject} ${city}`, `${band} ${subject}`, subject],
      dice(5),
    );
    const text = dice(10) === 0 ? misspell(typed, dice) : typed;
    const filters = from(
      ['', `&city=${encodeURIComponent(city)}`, '&type=concert', '&max_price=200', ''],
      dice(5),
    );
    return `/api/v1/search?q=${encodeURIComponent(text)}${filters}`;
  });
}

/** Two neighbours change places, or one is lost. */
function misspell(text: string, dice: (below: number) => number): string {
  const at = 1 + dice(Math.max(1, text.length - 3));
  return dice(2) === 0
    ? `${text.slice(0, at)}${text[at + 1] ?? ''}${text[at] ?? ''}${text.slice(at + 2)}`
    : text.slice(0, at) + text.slice(at + 1);
}

/** Beginnings of one to eight letters, as they come while somebody types. */
export function makeBeginnings(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const dice = createDice(index + 9_000_000);
    const [city] = from(cities, dice(cities.length));
    const band = `${from(colours, dice(colours.length))} ${from(nouns, dice(nouns.length))}`;
    const text = from([band, from(subjects, dice(subjects.length)), city, band], dice(4));
    const letters = [...text].slice(0, 1 + dice(8)).join('');
    return `/api/v1/search/suggestions?q=${encodeURIComponent(letters)}`;
  });
}
