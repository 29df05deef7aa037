/** Asks every service for its OpenAPI document and merges them. */
import { z } from 'zod';
import type { Fetch } from '@evently/kit/caller';
import type { ServiceName } from '../gateway/routes.ts';
import { mergeDocuments, type JsonObject } from './merge-documents.ts';

const documentSchema = z.record(z.string(), z.json());

/** The merged document of the services that answer; made anew each time, because it is asked for rarely. */
export async function gatherDocuments(services: ReadonlyMap<ServiceName, Fetch>): Promise<JsonObject> {
  const documents = await Promise.all(
    [...services].map(async ([service, fetch]) => {
      const response = await fetch(new Request(`http://${service}/openapi.json`));
      const document: JsonObject = documentSchema.parse(await response.json());
      return { service, document };
    }),
  );
  return mergeDocuments(documents);
}
