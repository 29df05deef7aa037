import { expect, test } from 'vitest';
import { revisionBefore } from './revision-before.ts';

const past = (...states: string[]) =>
  states.map((state, at) => {
    const [status = '', description = 'Upgrade complete'] = state.split(': ');
    return { revision: at + 1, status, description };
  });

test.each([
  { about: 'the release before the present one', history: past('superseded', 'deployed'), before: 1 },
  { about: 'not one that failed', history: past('superseded', 'failed', 'deployed'), before: 1 },
  {
    about: 'not the same one, to which Helm itself went back',
    history: past('superseded', 'superseded', 'failed', 'deployed: Rollback to 2'),
    before: 1,
  },
  {
    about: 'what was running, though Helm had come back to it',
    history: past('superseded', 'failed', 'superseded: Rollback to 1', 'deployed'),
    before: 3,
  },
  { about: 'none for a first release', history: past('deployed'), before: null },
  { about: 'none when only failures came before', history: past('failed', 'deployed'), before: null },
  { about: 'none where nothing runs', history: past('failed'), before: null },
])('one goes back to $about', ({ history, before }) => {
  expect(revisionBefore(history)).toBe(before);
});
