/** What ends a pod: a sentence for the person who reads its last line. */

/** Something outside is not as it must be; `message` says what to do. Shown without a stack. */
export class PodFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'PodFailure';
  }
}
