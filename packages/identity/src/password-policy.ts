/** Which new passwords are accepted: long enough, not endless, not on the list of common ones. */
import { readFileSync } from 'node:fs';

/** Longest password in characters; argon2 itself takes more, but a bound keeps requests small. */
export const maxPasswordLength = 200;

/**
 * A function that answers a sentence about what is wrong with a password, or null. The list is read
 * once, here; comparison ignores case.
 * @param minLength in characters (code points)
 */
export function createPasswordPolicy(
  minLength: number,
  refuseCommon: boolean,
): (password: string) => string | null {
  const common = refuseCommon ? readCommonPasswords() : new Set<string>();
  return (password) => {
    const length = [...password].length;
    if (length < minLength) return `must have at least ${minLength} characters`;
    if (length > maxPasswordLength) return `must have at most ${maxPasswordLength} characters`;
    if (common.has(password.toLowerCase())) return 'is one of the most common passwords; choose another';
    return null;
  };
}

function readCommonPasswords(): Set<string> {
  const text = readFileSync(new URL('../common-passwords.txt', import.meta.url), 'utf8');
  return new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
}
