import { expect, test } from 'vitest';
import { isEmail, normaliseEmail, permissionsOf } from './administrator.ts';
import { layoutFault } from './layout.ts';
import { isMoved, isRelocated, planVenueEdit, type Venue } from './venue.ts';

const venue: Venue = {
  venueId: 'hall',
  name: 'A hall',
  address: 'A street',
  city: 'Pune',
  state: 'Maharashtra',
  country: 'India',
  postalCode: null,
  capacity: 100,
  latitude: null,
  longitude: null,
  layout: { rows: 3 },
  createdBy: 'somebody',
  createdAt: new Date(0),
  updatedAt: new Date(0),
};

test('an edit leaves what it does not name, and null takes back', () => {
  expect(planVenueEdit(venue, { capacity: 200, state: null, layout: undefined })).toEqual({
    name: 'A hall',
    address: 'A street',
    city: 'Pune',
    state: null,
    country: 'India',
    postalCode: null,
    capacity: 200,
    latitude: null,
    longitude: null,
    layout: { rows: 3 },
  });
});

test('a venue has moved when its tickets must name another place', () => {
  expect(isMoved(venue, planVenueEdit(venue, { capacity: 200, layout: null }))).toBe(false);
  expect(isMoved(venue, planVenueEdit(venue, { address: 'Another street' }))).toBe(true);
});

test('a venue with another place on the map needs no other tickets', () => {
  const placed = planVenueEdit(venue, { latitude: 18.52, longitude: 73.86 });
  expect([isMoved(venue, placed), isRelocated(venue, placed)]).toEqual([false, true]);
  expect(isRelocated(venue, planVenueEdit(venue, { capacity: 200 }))).toBe(false);
});

test('a drawing is neither deep nor large, however it is nested', () => {
  expect(layoutFault({ sections: [{ rows: [1, 2, 3] }] })).toBeNull();
  const deep: unknown = JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`);
  expect(layoutFault({ deep })).toContain('deep');
  expect(layoutFault({ text: 'x'.repeat(40_000) })).toContain('longer');
  expect(layoutFault({ many: Array.from({ length: 30_000 }, () => 1) })).toContain('values');
});

test('only the administrators’ role may do everything', () => {
  expect(permissionsOf('admin')).toEqual(['*']);
  expect(permissionsOf('scanner')).toEqual(['tickets:scan']);
  expect(permissionsOf('viewer')).not.toContain('events:write');
});

test('one address has one spelling', () => {
  expect(normaliseEmail('  Asha@Example.COM ')).toBe('asha@example.com');
  expect(isEmail('asha@example.com')).toBe(true);
  expect(isEmail('asha@localhost')).toBe(false);
});
