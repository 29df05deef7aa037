/** What a person asked for cannot be: the message says what to change, and needs no stack. */
export class BadInput extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadInput';
  }
}
