/** What is written for an event: what is kept of it, and what is indexed of that. Pure. */
import { compoundParts } from '../../domain/compounds.ts';
import { beginningsOf, cityKeyOf, type Beginning } from '../../domain/terms.ts';
import { otherSpellingOf, tokensOf } from '../../domain/tokens.ts';
import { bucketOf, type SearchDocument, type Stock } from '../port.ts';

/** Of one event; `version` is -1 and `document` null while only a stock is known. */
export type State = { version: number; document: SearchDocument | null; stock: Stock | null };

export const nothingKnown: State = { version: -1, document: null, stock: null };

const maxNameWords = 100;
/** Words of a description that are indexed. */
const maxTextWords = 2_000;

/** The whole source of a state, the same for the same state. */
export function sourceOf(eventId: string, state: State): object {
  const { version, document, stock } = state;
  const kept = { eventId, version, stock, stockVersion: stock?.version ?? 0, bucket: bucketOf(eventId) };
  if (document === null) return { ...kept, visible: false, document: null };
  const available = stock?.available ?? document.capacity;
  return {
    ...kept,
    visible: true,
    document,
    checksum: document.checksum,
    available,
    soldOut: available <= 0,
    startsAt: document.startsAt,
    endsAt: document.endsAt,
    price: document.price,
    eventType: document.eventType,
    venueCity: document.venueCity,
    venueName: document.venueName,
    name: document.name,
    cityKey: cityKeyOf(document.venueCity),
    ...(document.place === null
      ? {}
      : { place: { lat: document.place.latitude, lon: document.place.longitude } }),
    begin: beginningsOfDocument(document),
    words: wordsOfDocument(document),
  };
}

/** `whole` has the name from its first word on. */
function beginningsOfDocument(document: SearchDocument): Record<Beginning['kind'] | 'whole', string[]> {
  const all = beginningsOf(document);
  const of = (kind: Beginning['kind']): string[] =>
    all.filter((each) => each.kind === kind).map(({ beginning }) => beginning);
  return { name: of('name'), venue: of('venue'), city: of('city'), whole: of('name').slice(0, 1) };
}

function wordsOfDocument(document: SearchDocument): Record<string, string[]> {
  const { name, venueName, venueCity, venueState, venueCountry, eventType, description, venueAddress } =
    document;
  return {
    name: wordsOf(name, maxNameWords),
    part: [tokensOf(name, maxNameWords).flatMap(compoundParts).join(' ')],
    place: wordsOf(`${venueName} ${venueCity} ${venueState ?? ''} ${venueCountry}`, maxNameWords),
    type: wordsOf(eventType, maxNameWords),
    text: wordsOf(`${description} ${venueAddress}`, maxTextWords),
  };
}

/** The words, and apart from them those that have another spelling, so that no phrase goes from one into the other. */
function wordsOf(text: string, max: number): string[] {
  const texts = [tokensOf(text, max), otherSpellingOf(text, max)];
  return texts.filter((tokens) => tokens.length > 0).map((tokens) => tokens.join(' '));
}
