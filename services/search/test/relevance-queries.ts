/** The judged queries of the relevance set. */
import {
  about,
  both,
  byAct,
  either,
  inCity,
  inHouse,
  inYear,
  ofType,
  ofWork,
  type JudgedQuery,
} from './relevance-judging.ts';

const names: readonly JudgedQuery[] = [
  {
    kind: 'name',
    typed: 'the paper lanterns',
    exactly: byAct('paper-lanterns'),
    byHand: { 'paper-craft': 1 },
  },
  { kind: 'name', typed: 'paper tigers', exactly: byAct('paper-tigers') },
  { kind: 'name', typed: 'Velvet Harbour', exactly: byAct('velvet-harbour') },
  { kind: 'name', typed: 'iron meridian live', exactly: byAct('iron-meridian') },
  { kind: 'name', typed: 'cobalt note quartet', exactly: byAct('cobalt-quartet') },
  { kind: 'name', typed: 'northern lights orchestra', exactly: byAct('northern-orchestra') },
  { kind: 'name', typed: 'dj kestrel', exactly: byAct('dj-kestrel'), related: byAct('kestrel-strings') },
  { kind: 'name', typed: 'hamlet', exactly: ofWork('hamlet') },
  { kind: 'name', typed: 'the crimson foxes', exactly: byAct('gig/Crimson-Foxes') },
  {
    kind: 'name',
    typed: 'bollywood night berlin',
    exactly: ofWork('bollywood-berlin'),
  },
  { kind: 'name', typed: 'Die Nachtschwärmer', exactly: byAct('nachtschwaermer') },
];

const typingErrors: readonly JudgedQuery[] = [
  {
    kind: 'typing error',
    typed: 'papper lanterns',
    exactly: byAct('paper-lanterns'),
    byHand: { 'paper-craft': 1 },
  },
  { kind: 'typing error', typed: 'velvit harbor', exactly: byAct('velvet-harbour') },
  { kind: 'typing error', typed: 'siobhan oneil', exactly: byAct('siobhan-oneill') },
  { kind: 'typing error', typed: 'iron meridan', exactly: byAct('iron-meridian') },
  { kind: 'typing error', typed: 'norhtern lights orchestra', exactly: byAct('northern-orchestra') },
  {
    kind: 'typing error',
    typed: 'fotography workshop',
    exactly: both(about('photography'), ofType('workshop')),
    related: about('photography'),
  },
  {
    kind: 'typing error',
    typed: 'dinosaur exibition',
    exactly: ofWork('dinosaurs'),
  },
  {
    kind: 'typing error',
    typed: 'jurgen grosmann',
    exactly: byAct('juergen-grossmann'),
  },
  { kind: 'typing error', typed: 'weihnachtskonzret', exactly: ofWork('weihnachtskonzert') },
  {
    kind: 'typing error',
    typed: 'oktobrfest',
    exactly: about('oktoberfest'),
  },
  { kind: 'typing error', typed: 'thunder raod revival', exactly: byAct('thunder-road') },
];

const beginnings: readonly JudgedQuery[] = [
  { kind: 'beginning', typed: 'photog', exactly: about('photography') },
  { kind: 'beginning', typed: 'marig', exactly: byAct('marigold-express') },
  { kind: 'beginning', typed: 'northern ligh', exactly: byAct('northern-orchestra') },
  { kind: 'beginning', typed: 'dino', exactly: ofWork('dinosaurs') },
  { kind: 'beginning', typed: 'paper lan', exactly: byAct('paper-lanterns'), byHand: { 'paper-craft': 2 } },
  { kind: 'beginning', typed: 'sourd', exactly: ofWork('baking') },
];

const foldings: readonly JudgedQuery[] = [
  { kind: 'folding', typed: 'zoe angstrom', exactly: byAct('zoe-angstrom') },
  { kind: 'folding', typed: 'JOSE ALVAREZ', exactly: byAct('jose-alvarez') },
  { kind: 'folding', typed: 'kathe morike', exactly: byAct('kaethe-moerike') },
  { kind: 'folding', typed: 'fuenf fluegel', exactly: byAct('fuenf-fluegel') },
  { kind: 'folding', typed: 'strassenfeger', exactly: byAct('strassenfeger') },
  { kind: 'folding', typed: 'grossmann', exactly: byAct('juergen-grossmann') },
  {
    kind: 'folding',
    typed: 'nuernberg weihnachtsmarkt',
    exactly: both(ofWork('weihnachtsmarkt'), inCity('Nürnberg')),
  },
  {
    kind: 'folding',
    typed: 'koln film festival',
    exactly: both(ofWork('film'), inCity('Köln')),
  },
];

const wordForms: readonly JudgedQuery[] = [
  {
    kind: 'word form',
    typed: 'paintings exhibition',
    exactly: ofWork('impressionists'),
  },
  {
    kind: 'word form',
    typed: 'photographs',
    exactly: both(about('photography'), ofType('exhibition')),
    close: about('photography'),
  },
  {
    kind: 'word form',
    typed: 'cooking classes',
    exactly: ofWork('cooking'),
    close: ofWork('baking'),
  },
  {
    kind: 'word form',
    typed: 'marathons',
    exactly: ofWork('marathon'),
    close: ofWork('half-marathon'),
    related: ofWork('marathon-film', 'marathon-talk'),
  },
  { kind: 'word form', typed: 'startups pitching', exactly: ofWork('startup') },
  { kind: 'word form', typed: 'dancing festivals', exactly: ofWork('dance-fest'), related: about('dance') },
  { kind: 'word form', typed: 'toy', exactly: ofWork('toys') },
  { kind: 'word form', typed: 'kites', exactly: ofWork('kite') },
];

const severalWords: readonly JudgedQuery[] = [
  { kind: 'several words', typed: 'cloud native kubernetes', exactly: ofWork('cloud') },
  { kind: 'several words', typed: 'machine learning conference', exactly: ofWork('ai-summit') },
  { kind: 'several words', typed: 'puppets for children', exactly: ofWork('kids-theatre') },
  {
    kind: 'several words',
    typed: 'wedding fair koln',
    exactly: both(ofWork('wedding'), inCity('Köln')),
  },
  {
    kind: 'several words',
    typed: 'sitar and sarod',
    exactly: ofWork('shastriya'),
  },
  {
    kind: 'several words',
    typed: 'cricket mumbai',
    exactly: both(about('cricket'), inCity('Mumbai')),
    close: about('cricket', 'Mumbai Mariners'),
  },
  {
    kind: 'several words',
    typed: 'berlin techno',
    exactly: ofWork('berlin-techno-mumbai', 'berlin-techno-pune'),
    related: both(ofWork('electronic'), inCity('Berlin')),
  },
  { kind: 'several words', typed: 'watercolour weekend', exactly: ofWork('watercolour') },
  { kind: 'several words', typed: 'craft beer', exactly: ofWork('beer'), related: about('beer') },
  { kind: 'several words', typed: 'python programming', exactly: ofWork('python') },
  { kind: 'several words', typed: 'stand up comedy', exactly: about('comedy') },
];

const venues: readonly JudgedQuery[] = [
  { kind: 'venue', typed: 'speicherbühne', exactly: inHouse('Speicherbühne') },
  { kind: 'venue', typed: 'cubbon hall', exactly: inHouse('Cubbon Hall') },
  { kind: 'venue', typed: 'gateway arena mumbai', exactly: inHouse('Gateway Arena') },
  { kind: 'venue', typed: 'kesselhaus', exactly: inHouse('Kesselhaus am Ufer') },
  { kind: 'venue', typed: 'teatro ibirapua', exactly: inHouse('Teatro Ibirapuã') },
  {
    kind: 'venue',
    typed: 'jazz thameside hall',
    exactly: both(about('jazz'), inHouse('Thameside Hall')),
    close: both(about('jazz'), inCity('London')),
    related: either(inHouse('Thameside Hall'), about('jazz')),
  },
];

const inCities: readonly JudgedQuery[] = [
  { kind: 'city', typed: 'leipzig', exactly: inCity('Leipzig') },
  { kind: 'city', typed: 'events in kochi', exactly: inCity('Kochi') },
  {
    kind: 'city',
    typed: 'theatre chennai',
    exactly: both(about('theatre'), inCity('Chennai')),
    related: either(about('theatre'), inCity('Chennai')),
  },
  {
    kind: 'city',
    typed: 'frankfurt conference',
    exactly: both(ofType('conference'), inCity('Frankfurt am Main')),
  },
  {
    kind: 'city',
    typed: 'rock concert new york',
    exactly: both(about('rock'), inCity('New York')),
    close: both(about('concert'), inCity('New York')),
  },
  {
    kind: 'city',
    typed: 'munchen orgel',
    exactly: both(about('orgel'), inCity('München')),
    related: both(ofWork('weihnachtskonzert'), inCity('München')),
  },
];

const dates: readonly JudgedQuery[] = [
  {
    kind: 'date',
    typed: 'jazz festival 2027',
    exactly: both(ofWork('jazz-festival'), inYear(2027)),
    related: ofWork('jazz-festival'),
  },
  {
    kind: 'date',
    typed: 'book fair 2027',
    exactly: both(ofWork('book-fair'), inYear(2027)),
    related: ofWork('book-fair'),
  },
  {
    kind: 'date',
    typed: "new year's eve",
    exactly: ofWork('new-year-mumbai', 'new-year-old'),
  },
  { kind: 'date', typed: 'silvester', exactly: ofWork('new-year-berlin', 'new-year-koeln') },
  {
    kind: 'date',
    typed: 'diwali',
    exactly: ofWork('diwali-latin'),
  },
];

const soldOut: readonly JudgedQuery[] = [
  { kind: 'sold out', typed: 'circus aurora', exactly: ofWork('circus') },
  { kind: 'sold out', typed: 'harbour lights musical', exactly: ofWork('musical') },
  { kind: 'sold out', typed: 'sunday drivers', exactly: byAct('sunday-drivers') },
  { kind: 'sold out', typed: 'open mic', exactly: ofWork('open-mic') },
  { kind: 'sold out', typed: 'navratri garba', exactly: ofWork('navratri') },
];

const hindi: readonly JudgedQuery[] = [
  { kind: 'Hindi', typed: 'अरुणा शर्मा', exactly: byAct('aruna-sharma') },
  { kind: 'Hindi', typed: 'aruna sharma', exactly: byAct('aruna-sharma') },
  { kind: 'Hindi', typed: 'कवि सम्मेलन', exactly: ofWork('kavi-sammelan') },
  {
    kind: 'Hindi',
    typed: 'शास्त्रीय संगीत',
    exactly: ofWork('shastriya'),
    related: about('hindustani'),
  },
  { kind: 'Hindi', typed: 'दिवाली मेला', exactly: ofWork('diwali'), related: ofWork('pustak') },
  { kind: 'Hindi', typed: 'कथक', exactly: ofWork('kathak') },
  { kind: 'Hindi', typed: 'होली', exactly: ofWork('holi') },
  { kind: 'Hindi', typed: 'राहुल देशमूख', exactly: byAct('rahul-deshmukh') },
  { kind: 'Hindi', typed: 'पुस्तक मेले', exactly: ofWork('pustak'), related: ofWork('diwali') },
  { kind: 'Hindi', typed: 'ज़किया बेगम', exactly: byAct('zakia-begum') },
];

const compounds: readonly JudgedQuery[] = [
  { kind: 'German compound', typed: 'Straßenmusik', exactly: ofWork('strassenmusik') },
  { kind: 'German compound', typed: 'kammermusik', exactly: ofWork('kammermusik') },
  { kind: 'German compound', typed: 'flohmarkt', exactly: ofWork('flohmarkt') },
  {
    kind: 'German compound',
    typed: 'feuerwerk',
    exactly: ofWork('feuerwerk'),
    related: ofWork('sommernacht', 'new-year-berlin'),
  },
  { kind: 'German compound', typed: 'märchen kinder', exactly: ofWork('maerchen') },
  { kind: 'German compound', typed: 'zirkus', exactly: ofWork('weihnachtszirkus') },
  {
    kind: 'German compound',
    typed: 'rueckenschule',
    exactly: ofWork('ruecken'),
    related: ofWork('yoga-goethe'),
  },
  { kind: 'German compound', typed: 'weihnacht', exactly: about('weihnachten') },
];

export const judgedQueries: readonly JudgedQuery[] = [
  ...names,
  ...typingErrors,
  ...beginnings,
  ...foldings,
  ...wordForms,
  ...severalWords,
  ...venues,
  ...inCities,
  ...dates,
  ...soldOut,
  ...hindi,
  ...compounds,
];
