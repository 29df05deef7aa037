/** What the person who starts the platform is told when it cannot run: one sentence that says what to do. */

export class StandaloneFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StandaloneFailure';
  }
}

/** The system's code of a failed call (`EACCES`), else its message. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
