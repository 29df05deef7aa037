/** How a route's refusals are told in its OpenAPI document: one problem schema, the codes of each status. */
import { z } from '@hono/zod-openapi';

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    trace_id: z.string().regex(/^[0-9a-f]{32}$/),
    code: z.string(),
    error: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

/**
 * The `responses` of a route for its refusals: the text of a status names its codes. The type hides the
 * body on purpose, so that handlers may answer with `refuse(...)`.
 */
export function documentRefusals<C extends Readonly<Record<number, string>>>(
  codes: C,
): { -readonly [S in keyof C]: { description: string } } {
  const entries = Object.entries(codes).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: problemSchema } } },
  ]);
  return z.custom<{ -readonly [S in keyof C]: { description: string } }>().parse(Object.fromEntries(entries));
}
