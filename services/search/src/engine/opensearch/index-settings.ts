/** How OpenSearch keeps an event: analysers, fields, and the settings of an index that fills and of one that answers. */
/**
 * Words come folded and taken apart by `domain/tokens.ts`, so that both engines agree on what a word is; what is left
 * to an analyser is what a language does with a word. `white` analysers are for fields, whose text is words with
 * one space between them; `whole` ones are for one word that somebody typed, whatever characters it has.
 */
const analysis = {
  filter: {
    english: { type: 'stemmer', language: 'english' },
    hindi: { type: 'stemmer', language: 'hindi' },
    beginnings: { type: 'edge_ngram', min_gram: 1, max_gram: 8 },
    cut: { type: 'truncate', length: 8 },
  },
  analyzer: {
    // Spellings of one Indic word; nothing that Latin letters would notice.
    words: {
      type: 'custom',
      tokenizer: 'whitespace',
      filter: ['indic_normalization', 'hindi_normalization'],
    },
    word: { type: 'custom', tokenizer: 'keyword', filter: ['indic_normalization', 'hindi_normalization'] },
    // English and Hindi have no letter in common, so one chain stems both.
    stems: {
      type: 'custom',
      tokenizer: 'whitespace',
      filter: ['indic_normalization', 'hindi_normalization', 'english', 'hindi'],
    },
    stem: {
      type: 'custom',
      tokenizer: 'keyword',
      filter: ['indic_normalization', 'hindi_normalization', 'english', 'hindi'],
    },
    beginnings: { type: 'custom', tokenizer: 'keyword', filter: ['beginnings'] },
    beginning: { type: 'custom', tokenizer: 'keyword', filter: ['cut'] },
  },
} as const;

const stemmed = { type: 'text', analyzer: 'stems', search_analyzer: 'stem', similarity: 'short' } as const;
const words = {
  type: 'text',
  analyzer: 'words',
  search_analyzer: 'word',
  similarity: 'short',
} as const;
const whole = { type: 'keyword', ignore_above: 8_191 } as const;
/** Beginnings of what is suggested, from each of its words on; `first` has up to eight characters of each. */
const begin = {
  type: 'keyword',
  doc_values: false,
  ignore_above: 200,
  fields: {
    first: {
      type: 'text',
      analyzer: 'beginnings',
      search_analyzer: 'beginning',
      index_options: 'docs',
      norms: false,
    },
  },
} as const;

const mappings = {
  dynamic: 'strict',
  // They are made of `document`, which is kept; nobody reads them back.
  _source: { excludes: ['words', 'begin'] },
  properties: {
    eventId: { type: 'keyword' },
    /** False for removals that are remembered, and for stocks whose event is not known. */
    visible: { type: 'boolean' },
    version: { type: 'long', index: false },
    bucket: { type: 'short' },
    checksum: { type: 'long', index: false },
    stockVersion: { type: 'long', index: false },
    stock: { type: 'object', enabled: false },
    document: { type: 'object', enabled: false },
    available: { type: 'integer', index: false },
    soldOut: { type: 'boolean' },
    startsAt: { type: 'date' },
    endsAt: { type: 'date' },
    price: { type: 'double' },
    place: { type: 'geo_point' },
    eventType: whole,
    venueCity: whole,
    venueName: whole,
    name: { ...whole, index: false },
    cityKey: whole,
    begin: { properties: { name: begin, venue: begin, city: begin, whole: begin } },
    words: {
      properties: {
        name: { ...words, copy_to: ['words.title', 'words.any', 'words.root'] },
        part: { ...words, index: false, copy_to: ['words.any', 'words.root'] },
        place: { ...stemmed, copy_to: ['words.title', 'words.any'] },
        type: { ...words, index: false, copy_to: ['words.title', 'words.any', 'words.text'] },
        text: { ...stemmed, similarity: 'BM25', copy_to: ['words.any'] },
        root: stemmed,
        title: {
          ...words,
          norms: false,
          index_options: 'docs',
          index_prefixes: { min_chars: 3, max_chars: 8 },
        },
        any: { ...words, norms: false, index_options: 'docs' },
      },
    },
  },
} as const;

/** With 0.3 s between batches and 1 s for which an answer is kept, what is answered is less than 2 s old. */
const answering = { refresh_interval: '500ms', 'translog.durability': 'request' } as const;

/** An index that nobody asks yet: it shows what it holds when it is published. */
const filling = { refresh_interval: '-1', 'translog.durability': 'async' } as const;

export const settingsWhenPublished = { index: answering };

/** The body that makes an index, with `aliases` on it. One shard bears some millions of events; a second node a copy. */
export function indexBody(aliases: readonly string[], state: 'answering' | 'filling'): object {
  return {
    settings: {
      index: {
        number_of_shards: 1,
        auto_expand_replicas: '0-1',
        // Names are short and a word stands once in them: how often counts little, how long somewhat.
        similarity: { short: { type: 'BM25', k1: 0.6, b: 0.4 } },
        analysis,
        ...(state === 'answering' ? answering : filling),
      },
    },
    mappings,
    aliases: Object.fromEntries(aliases.map((alias) => [alias, {}])),
  };
}
