/** What this service refuses, as values; `says` is why, for those who operate it. */
export type Refusal =
  | { kind: 'engine-away'; says?: string }
  | { kind: 'catalog-away'; says?: string }
  | { kind: 'rebuild-running' };
