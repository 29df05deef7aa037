/** What a command cannot do, as a sentence for the person who typed it. */

/** `message` says what is wrong and what to do next; it is printed without a stack. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Sentences of a validation, without the library's own wrapping. */
export function sentencesOf(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; ');
}
