/** One OpenAPI document of all services, with the paths that the gateway serves. Pure. */
import { publicPathOf } from '@evently/contracts/public-paths';
import { services, type ServiceName } from '../gateway/routes.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };
export type ServiceDocument = { service: ServiceName; document: JsonObject };

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);
const heading = {
  title: 'Evently',
  version: '1',
  description:
    'Everything the gateway serves. Log in at `/api/user/auth/login` and send `Authorization: Bearer <access_token>`. Every refusal is a problem document; its `type` names a page under /docs/problems.',
};

/**
 * Merges the documents: routes that the gateway does not serve are left out, paths become the gateway's,
 * each operation gets its service as tag, and a component whose name two services use for different
 * things gets the service's name in front.
 */
export function mergeDocuments(documents: readonly ServiceDocument[]): JsonObject {
  const components: Record<string, JsonObject> = {};
  const paths: JsonObject = {};
  for (const { service, document } of documents) {
    const renamed = addComponents(components, service, objectOf(document['components']));
    for (const [path, item] of Object.entries(objectOf(document['paths']))) {
      const publicPath = publicPathOf(service, path);
      if (publicPath !== null) paths[publicPath] = withTag(objectOf(rewriteRefs(item, renamed)), service);
    }
  }
  return {
    openapi: '3.1.0',
    info: heading,
    servers: [{ url: '/' }],
    tags: services.map((name) => ({ name })),
    paths,
    components,
  };
}

/** Adds the service's components and answers which references change, old to new. */
function addComponents(
  into: Record<string, JsonObject>,
  service: ServiceName,
  given: JsonObject,
): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const [section, entries] of Object.entries(given)) {
    for (const [name, value] of Object.entries(objectOf(entries))) {
      const present = into[section]?.[name];
      if (present === undefined || JSON.stringify(present) === JSON.stringify(value)) continue;
      const own = `${service}_${name}`;
      renamed.set(`#/components/${section}/${name}`, `#/components/${section}/${own}`);
    }
  }
  for (const [section, entries] of Object.entries(given)) {
    const target = (into[section] ??= {});
    for (const [name, value] of Object.entries(objectOf(entries))) {
      const reference = renamed.get(`#/components/${section}/${name}`);
      target[reference === undefined ? name : `${service}_${name}`] = rewriteRefs(value, renamed);
    }
  }
  return renamed;
}

function rewriteRefs(value: Json, renamed: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item) => rewriteRefs(item, renamed));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === '$ref' && typeof member === 'string'
        ? [key, renamed.get(member) ?? member]
        : [key, rewriteRefs(member, renamed)],
    ),
  );
}

function withTag(item: JsonObject, service: ServiceName): JsonObject {
  return Object.fromEntries(
    Object.entries(item).map(([key, operation]) =>
      methods.has(key) ? [key, { ...objectOf(operation), tags: [service] }] : [key, operation],
    ),
  );
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
