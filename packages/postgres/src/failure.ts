/** What a person is told when PostgreSQL cannot be had; the message is a sentence that says what to do. */

export class ClusterFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterFailure';
  }
}
