/** How the values of a chart are described: once, with a sentence, a default and a schema for each. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A JSON Schema (draft 7), as far as the charts use it. */
export type Schema = { readonly [key: string]: Json };

/** A value: what it means, what it is when nothing is said, what it may be. */
export type Leaf = { kind: 'leaf'; about: string; fallback: Json; schema: Schema };
/** Values that belong together; no others are allowed beside them. */
export type Group = { kind: 'group'; about: string; fields: Fields };
export type Fields = { readonly [name: string]: Leaf | Group };

export function group(about: string, fields: Fields): Group {
  return { kind: 'group', about, fields };
}

export function leaf(about: string, fallback: Json, schema: Schema): Leaf {
  return { kind: 'leaf', about, fallback, schema };
}

export function text(about: string, fallback: string, pattern?: string): Leaf {
  return leaf(about, fallback, pattern === undefined ? { type: 'string' } : { type: 'string', pattern });
}

export function oneOf(about: string, fallback: string, choices: readonly string[]): Leaf {
  return leaf(about, fallback, { type: 'string', enum: choices });
}

export function whole(about: string, fallback: number, minimum: number, maximum: number): Leaf {
  return leaf(about, fallback, { type: 'integer', minimum, maximum });
}

export function flag(about: string, fallback: boolean): Leaf {
  return leaf(about, fallback, { type: 'boolean' });
}

/** Objects of Kubernetes' own types, which the API server checks. */
export function objects(about: string, fallback: readonly Json[] = []): Leaf {
  return leaf(about, fallback, { type: 'array', items: { type: 'object' } });
}

export function object(about: string, fallback: Json = {}): Leaf {
  return leaf(about, fallback, { type: 'object' });
}

/** Labels, annotations, selectors: text for each name. */
export function words(about: string): Leaf {
  return leaf(about, {}, { type: 'object', additionalProperties: { type: 'string' } });
}

export function texts(about: string, pattern: string): Leaf {
  return leaf(about, [], { type: 'array', items: { type: 'string', pattern }, uniqueItems: true });
}

/** The defaults, as Helm reads them from values.yaml. */
export function defaultsOf(fields: Fields): { [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      field.kind === 'leaf' ? field.fallback : defaultsOf(field.fields),
    ]),
  );
}
