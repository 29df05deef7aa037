/** Reads the event service's catalog page by page: what can be found, by its database's word. */
import { listedDocuments, maxListedDocuments, type ListedDocuments } from '@evently/contracts/search';
import type { Caller } from '@evently/kit/caller';

export const firstId = '00000000-0000-0000-0000-000000000000';
/** 500 events each: five million, far more than one catalog has. */
export const maxPages = 10_000;

/** The event service does not answer; the same may be asked again. */
export class CatalogAway extends Error {
  constructor(reason: string) {
    super(`the event service does not answer: ${reason}`);
    this.name = 'CatalogAway';
  }
}

export async function readCatalogPage(
  events: Caller,
  afterId: string,
  withDocuments: boolean,
): Promise<ListedDocuments> {
  const query = `after=${afterId}&limit=${maxListedDocuments}&documents=${String(withDocuments)}`;
  const answer = await events.call('GET', `/internal/events?${query}`, listedDocuments);
  switch (answer.kind) {
    case 'ok':
      return answer.value;
    case 'away':
      throw new CatalogAway(answer.reason);
    case 'refused':
      throw new Error(`the event service refuses the list of its events: ${answer.status} ${answer.detail}`);
  }
}
