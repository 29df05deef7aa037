/** Who administrates, what each role may do, and how an e-mail address and a name are written. Pure. */

export const adminRoles = ['admin', 'editor', 'viewer', 'scanner'] as const;
export type AdminRole = (typeof adminRoles)[number];

export type Administrator = {
  adminId: string;
  email: string;
  name: string;
  role: AdminRole;
};
export type AdminSession = Administrator & { accessToken: string; refreshToken: string };

/** `*` is every permission. The claims of a token are these, as they were when it was signed. */
export function permissionsOf(role: AdminRole): readonly string[] {
  switch (role) {
    case 'admin':
      return ['*'];
    case 'editor':
      return ['events:read', 'events:write', 'venues:write'];
    case 'viewer':
      return ['events:read'];
    case 'scanner':
      return ['tickets:scan'];
  }
}

/** One spelling per address: surrounding space, case and composition make no difference. */
export function normaliseEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

// A local part without quotes and comments, and a domain with a point; letters of any script (RFC 6531).
const emailForm =
  /^[^\s@"(),:;<>[\]\\\p{C}]{1,64}@[\p{L}\p{N}][\p{L}\p{N}\p{M}.-]*\.[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}]$/u;
const maxEmailLength = 254;

/** @param email normalised */
export function isEmail(email: string): boolean {
  return email.length <= maxEmailLength && !email.includes('..') && emailForm.test(email);
}
