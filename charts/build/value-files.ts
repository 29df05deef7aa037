/** Writes values.yaml and values.schema.json from the description of a chart's values. */
import { stringify } from 'yaml';
import type { Fields, Group, Json, Leaf, Schema } from './value-tree.ts';

const commentWidth = 110;

/** values.yaml, with a comment above each value; helm-docs reads those that begin with `--`. */
export function valuesYaml(opening: string, fields: Fields): string {
  return `${comment(opening, '')}\n${lines(fields, '').join('\n')}\n`;
}

function lines(fields: Fields, indent: string): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    field.kind === 'group' ? groupLines(name, field, indent) : leafLines(name, field, indent),
  );
}

function groupLines(name: string, field: Group, indent: string): string[] {
  const above = field.about === '' ? [] : [comment(field.about, indent)];
  return [...above, `${indent}${name}:`, ...lines(field.fields, `${indent}  `)];
}

function leafLines(name: string, field: Leaf, indent: string): string[] {
  const value = stringify({ [name]: field.fallback }, { singleQuote: true, lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
  return [comment(`-- ${field.about}`, indent), ...value];
}

/** Broken into lines: the first word of a line never begins a note of helm-docs by accident. */
function comment(sentence: string, indent: string): string {
  const broken: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = broken.at(-1);
    if (last === undefined || last.length + word.length + 1 > commentWidth) broken.push(word);
    else broken[broken.length - 1] = `${last} ${word}`;
  }
  return broken.map((line) => `${indent}# ${line}`).join('\n');
}

/** What Helm puts among a chart's values by itself: the values of its dependencies. */
export type FromHelm = Readonly<Record<string, Schema>>;

export function schemaJson(title: string, fields: Fields, fromHelm: FromHelm): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...schemaOf(fields, fromHelm),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

export function schemaOf(fields: Fields, fromHelm: FromHelm = {}): { [key: string]: Json } {
  const described = Object.entries(fields).map(([name, field]): [string, Json] => [
    name,
    field.kind === 'leaf'
      ? { description: field.about, ...field.schema }
      : { ...(field.about === '' ? {} : { description: field.about }), ...schemaOf(field.fields) },
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...Object.fromEntries(described), ...fromHelm },
  };
}
