/** All profiles, in the order in which they are run. */
import { herds } from './herds.ts';
import type { Profile } from './profile.ts';

export const profiles: readonly Profile[] = [herds];

/** `all`, or names with commas between; throws with the names there are. */
export function findProfiles(names: string): readonly Profile[] {
  if (names === 'all') return profiles;
  return names.split(',').map((name) => {
    const found = profiles.find((profile) => profile.name === name);
    if (found !== undefined) return found;
    throw new Error(
      `There is no profile "${name}"; there are: ${profiles.map((one) => one.name).join(', ')}`,
    );
  });
}
