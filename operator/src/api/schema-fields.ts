/** How a field of the resource is declared: a zod schema with the words and rules that the cluster needs. */
import { z } from 'zod';

/** A rule that the API server evaluates (CEL), and the sentence that it refuses with. */
export type Rule = {
  rule: string;
  /** What a person does instead. */
  message: string;
  /** The field that the refusal names, from here on; this one where it is absent. */
  fieldPath?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
};

export type FieldWords = {
  about: string;
  example?: unknown;
  rules?: readonly Rule[];
  /** A list whose entries are told apart by these members: apply merges them one by one. */
  mapKeys?: readonly string[];
  /** A list that has one owner as a whole. */
  atomic?: boolean;
};

/** `schema` with what the CRD and the reference page say of it. */
export function field<S extends z.ZodType>(schema: S, words: FieldWords): S {
  return schema.meta({
    description: words.about,
    ...(words.example !== undefined && { example: words.example }),
    ...(words.rules && { 'x-kubernetes-validations': words.rules }),
    ...(words.mapKeys && { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': words.mapKeys }),
    ...(words.atomic === true && { 'x-kubernetes-list-type': 'atomic' }),
  });
}

/** RFC 3339. The API server checks it, and CEL sees a timestamp. */
export function instant(): z.ZodString {
  return z.string().meta({ format: 'date-time' });
}
