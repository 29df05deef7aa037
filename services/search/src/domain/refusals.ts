/** What this service refuses, as values. */
export type Refusal = { kind: 'engine-away' } | { kind: 'catalog-away' } | { kind: 'rebuild-running' };
