/** Holds a service's OpenAPI document against the routes it has and the answers it gives. */
import { z } from 'zod';

/** What is needed of an app: its routes, and a way to ask it for its document. */
export type DocumentedApp = {
  routes: readonly { method: string; path: string }[];
  request: (path: string) => Response | Promise<Response>;
};

const operationSchema = z.object({
  summary: z.string().optional(),
  security: z.array(z.unknown()).default([]),
  parameters: z.array(z.unknown()).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

export type Operation = z.output<typeof operationSchema> & { method: string; path: string };

/** The operations of `GET /openapi.json`. */
export async function readOperations(app: DocumentedApp): Promise<Operation[]> {
  const { paths } = documentSchema.parse(await (await app.request('/openapi.json')).json());
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
}

// The shell's own routes: health, the document itself and its page.
const shell = /^(\/?\*|\/healthz|\/health\/ready|\/openapi\.json|\/docs(\/.*)?)$/;

/** `METHOD /path/{id}` of every route that is part of the interface. */
export function routesOf(app: DocumentedApp): string[] {
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !shell.test(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  return [...new Set(routes)];
}

/**
 * What the document lacks: routes that are not in it or no routes at all, summaries, and the statuses that
 * follow from what a route needs: 401 with a key or token, 400 with anything to validate, 413 with a body, 415 unless
 * the body may be of any type, 503 always.
 */
export async function documentFaults(app: DocumentedApp): Promise<string[]> {
  const operations = await readOperations(app);
  const documented = operations.map(({ method, path }) => `${method} ${path}`);
  const routes = routesOf(app);
  return [
    ...routes
      .filter((route) => !documented.includes(route))
      .map((route) => `${route} is not in the document`),
    ...documented.filter((name) => !routes.includes(name)).map((name) => `${name} is no route`),
    ...operations.flatMap(operationFaults),
  ];
}

function operationFaults(operation: Operation): string[] {
  const name = `${operation.method} ${operation.path}`;
  const { requestBody } = operation;
  const takesBody = requestBody !== undefined;
  const validates = takesBody || operation.parameters.length > 0;
  const needed = [
    '503',
    ...(operation.security.length > 0 ? ['401'] : []),
    ...(validates ? ['400'] : []),
    ...(takesBody ? ['413'] : []),
    ...(takesBody && !('*/*' in requestBody.content) ? ['415'] : []),
  ];
  return [
    ...((operation.summary ?? '') === '' ? [`${name} has no summary`] : []),
    ...needed
      .filter((status) => !(status in operation.responses))
      .map((status) => `${name} does not document ${status}`),
  ];
}

/**
 * Null when the document has `status` among the answers of the route that `pathname` leads to, or when it
 * leads to no documented route. Give it every answer of a test, and no status is left out.
 */
export function answerFault(
  operations: readonly Operation[],
  method: string,
  pathname: string,
  status: number,
): string | null {
  const [operation] = operations
    .filter((candidate) => candidate.method === method && leadsTo(candidate.path, pathname))
    .toSorted((a, b) => countOfParameters(a.path) - countOfParameters(b.path));
  if (operation === undefined || String(status) in operation.responses) return null;
  return `${method} ${operation.path} answered ${status}, which its document does not have`;
}

function leadsTo(template: string, pathname: string): boolean {
  const wanted = template.split('/');
  const given = pathname.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((segment, at) => segment.startsWith('{') || segment === given[at])
  );
}

function countOfParameters(template: string): number {
  return template.split('{').length - 1;
}
