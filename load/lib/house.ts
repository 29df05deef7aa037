/** The house before and after a run: untouched at first, and taken by exactly those who were told so. */
import { houseSeats, houseTaken, housesRead, oversold, unaccounted } from './measures.ts';
import { lookUpAvailability } from './reader.ts';
import type { Stage } from './stage.ts';

/** Throws when a seat is taken already: such a run could not tell its own sales from others. */
export function requireEmptyHouse(stage: Stage): void {
  for (const { eventId, seats } of stage.events) {
    const taken = seats - lookUpAvailability(stage, eventId);
    if (taken !== 0)
      throw new Error(
        `${taken} seats of event ${eventId} are taken already: prepare the run again, with a new event.`,
      );
  }
}

/** Reads every event and closes the books: `unaccounted` is 0 afterwards when they agree. */
export function closeBooks(stage: Stage): void {
  let seatsOfAll = 0;
  let takenOfAll = 0;
  for (const { eventId, seats } of stage.events) {
    const taken = seats - lookUpAvailability(stage, eventId);
    oversold.add(Math.max(0, taken - seats));
    unaccounted.add(-taken);
    seatsOfAll += seats;
    takenOfAll += taken;
  }
  houseSeats.add(seatsOfAll);
  houseTaken.add(takenOfAll);
  housesRead.add(1);
}
