import { expect, test } from 'vitest';
import { mergeDocuments, type JsonObject } from './merge-documents.ts';

const answer = (name: string): JsonObject => ({
  summary: 'x',
  responses: {
    200: {
      description: 'x',
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
    },
  },
});
const user: JsonObject = {
  paths: {
    '/api/v1/auth/login': { post: answer('Item') },
    '/internal/auth/verify': { post: answer('Item') },
    '/.well-known/jwks.json': { get: answer('Item') },
  },
  components: {
    schemas: { Item: { type: 'string' }, Same: { type: 'null' } },
    securitySchemes: { bearer: { type: 'http' } },
  },
};
const booking: JsonObject = {
  paths: {
    '/api/v1/bookings/reserve': { post: answer('Item') },
    '/api/v1/bookings/{id}': { get: answer('Same'), parameters: [] },
  },
  components: {
    schemas: {
      Item: { type: 'object', properties: { next: { $ref: '#/components/schemas/Item' } } },
      Same: { type: 'null' },
    },
    securitySchemes: { bearer: { type: 'http' } },
  },
};
const merged = mergeDocuments([
  { service: 'user', document: user },
  { service: 'booking', document: booking },
]);

test("the merged document holds the gateway's paths and no internal route", () => {
  expect(Object.keys(merged['paths'] ?? {})).toEqual([
    '/api/user/auth/login',
    '/api/booking/reserve',
    '/api/booking/bookings/{id}',
  ]);
});

test('components of one name that differ are kept apart, and references follow', () => {
  expect(merged['components']).toEqual({
    schemas: {
      Item: { type: 'string' },
      Same: { type: 'null' },
      booking_Item: { type: 'object', properties: { next: { $ref: '#/components/schemas/booking_Item' } } },
    },
    securitySchemes: { bearer: { type: 'http' } },
  });
  expect(JSON.stringify(merged['paths'])).toContain(
    '"/api/booking/reserve":{"post":{"summary":"x","responses":{"200":{"description":"x","content":{"application/json":{"schema":{"$ref":"#/components/schemas/booking_Item"}}}}},"tags":["booking"]}}',
  );
});

test('every operation is found under its service', () => {
  expect(merged['paths']).toMatchObject({
    '/api/user/auth/login': { post: { tags: ['user'] } },
    '/api/booking/bookings/{id}': { parameters: [] },
  });
});
