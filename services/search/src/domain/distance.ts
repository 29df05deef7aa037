/** Distances between words and between places. Pure. */
import type { Place } from '../engine/port.ts';

/**
 * Least number of letters inserted, dropped, changed or swapped with their neighbour (optimal string alignment);
 * `limit + 1` for everything above `limit`.
 */
export function editDistance(one: string, other: string, limit: number): number {
  const a = lettersOf(one);
  const b = lettersOf(other);
  const over = limit + 1;
  if (Math.abs(a.length - b.length) > limit) return over;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 2 }, (_, index) => index);
  let row: number[] = [];
  for (let i = 1; i <= a.length; i += 1) {
    // Further from the diagonal than the limit is above it.
    const first = Math.max(1, i - limit);
    const last = Math.min(b.length, i + limit);
    row[first - 1] = first === 1 ? i : over;
    let least = over;
    for (let j = first; j <= last; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((above[j] ?? over) + 1, (row[j - 1] ?? over) + 1, (above[j - 1] ?? over) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, (before[j - 2] ?? over) + 1);
      row[j] = edits;
      least = Math.min(least, edits);
    }
    row[last + 1] = over;
    if (least > limit && (row[first - 1] ?? over) > limit) return over;
    [before, above, row] = [above, row, before];
  }
  return Math.min(above[b.length] ?? over, over);
}

/** Characters by their place: the text itself, unless pairs of surrogates are in it. */
export function lettersOf(text: string): string | readonly string[] {
  return surrogates.test(text) ? [...text] : text;
}

const surrogates = /[\ud800-\udfff]/;

const lettersForOneError = 3;
const lettersForTwoErrors = 7;

/** Typing errors that are forgiven in a word of that many letters. */
export function errorsForgiven(letters: number): number {
  if (letters < lettersForOneError) return 0;
  return letters < lettersForTwoErrors ? 1 : 2;
}

const earthRadiusKm = 6_371.0088;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along the sphere's surface (haversine formula). */
export function distanceKm(one: Place, other: Place): number {
  const half = (a: number, b: number): number => Math.sin(radians(b - a) / 2) ** 2;
  const across = Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude));
  const h = half(one.latitude, other.latitude) + across * half(one.longitude, other.longitude);
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h)));
}
