/** Topic and consumers of tests of the bus; apart from the tests, because processes that are killed use it too. */
export const contractConsumers = { things: ['first', 'second'] } as const;
