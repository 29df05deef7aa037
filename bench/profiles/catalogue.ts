/** All profiles, in the order in which they are run. */
import { BadInput } from '../bad-input.ts';
import { availability } from './availability.ts';
import { confirm } from './confirm.ts';
import { herds } from './herds.ts';
import { kill } from './kill.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { mixed } from './mixed.ts';
import { orders, repeatedKeys } from './orders.ts';
import { pods } from './pods.ts';
import type { Profile } from './profile.ts';
import { reserve } from './reserve.ts';
import { storm } from './storm.ts';
import { strategies } from './strategies.ts';
import { tableSize } from './table-size.ts';

export const profiles: readonly Profile[] = [
  reserve,
  herds,
  load,
  storm,
  orders,
  repeatedKeys,
  mixed,
  confirm,
  availability,
  strategies,
  pods,
  tableSize,
  memory,
  kill,
];

/** `all`, or names with commas between; throws `BadInput` with the names there are. */
export function findProfiles(names: string): readonly Profile[] {
  if (names === 'all') return profiles;
  return names.split(',').map((name) => {
    const found = profiles.find((profile) => profile.name === name);
    if (found !== undefined) return found;
    throw new BadInput(
      `There is no profile "${name}"; there are: ${profiles.map((one) => one.name).join(', ')}`,
    );
  });
}
