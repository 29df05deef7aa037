/** Who performs in the relevance set: invented artists and teams, in several scripts and languages. */

export type Genre =
  | 'jazz'
  | 'rock'
  | 'metal'
  | 'indie'
  | 'pop'
  | 'electronic'
  | 'folk'
  | 'classical'
  | 'hindustani'
  | 'ghazal'
  | 'brass'
  | 'choir'
  | 'comedy'
  | 'dance';

export type Act = {
  /** How rules and judgements name it. */
  id: string;
  name: string;
  /** The same name in another script; descriptions carry it. */
  also?: string;
  genre: Genre;
  language: 'en' | 'de' | 'hi';
};

function act(id: string, name: string, genre: Genre, language: Act['language'], also?: string): Act {
  return also === undefined ? { id, name, genre, language } : { id, name, genre, language, also };
}

export const acts: readonly Act[] = [
  act('paper-lanterns', 'The Paper Lanterns', 'indie', 'en'),
  act('paper-tigers', 'Paper Tigers', 'rock', 'en'),
  act('velvet-harbour', 'Velvet Harbour', 'indie', 'en'),
  act('iron-meridian', 'Iron Meridian', 'metal', 'en'),
  act('cobalt-quartet', 'Cobalt Note Quartet', 'jazz', 'en'),
  act('cobalt-sky', 'Cobalt Sky', 'pop', 'en'),
  act('mira-castellan', 'Mira Castellan', 'pop', 'en'),
  act('northern-orchestra', 'Northern Lights Orchestra', 'classical', 'en'),
  act('sunday-drivers', 'Sunday Drivers', 'rock', 'en'),
  act('marigold-express', 'Marigold Express', 'folk', 'en'),
  act('dj-kestrel', 'DJ Kestrel', 'electronic', 'en'),
  act('static-bloom', 'Static Bloom', 'electronic', 'en'),
  act('ember-ash', 'Ember & Ash', 'folk', 'en'),
  act('zoe-angstrom', 'Zoë Ångström', 'pop', 'en'),
  act('jose-alvarez', 'José Álvarez Trio', 'jazz', 'en'),
  act('siobhan-oneill', "Siobhán O'Neill", 'folk', 'en'),
  act('thunder-road', 'Thunder Road Revival', 'rock', 'en'),
  act('saffron-beat', 'Saffron Beat Collective', 'electronic', 'en'),
  act('lena-okafor', 'Lena Okafor', 'comedy', 'en'),
  act('harry-whitlock', 'Harry Whitlock', 'comedy', 'en'),
  act('glasshouse-ballet', 'Glasshouse Ballet', 'dance', 'en'),
  act('kestrel-strings', 'Kestrel String Ensemble', 'classical', 'en'),
  act('chopra-fusion', 'Anand Chopra Fusion', 'jazz', 'en'),
  act('monsoon-riders', 'Monsoon Riders', 'rock', 'en'),
  act('juergen-grossmann', 'Jürgen Großmann', 'comedy', 'de'),
  act('nachtschwaermer', 'Die Nachtschwärmer', 'rock', 'de'),
  act('chor-morgenroete', 'Chor Morgenröte', 'choir', 'de'),
  act('friedrich-schoenfeld', 'Friedrich Schönfeld', 'classical', 'de'),
  act('strassenfeger', 'Straßenfeger', 'rock', 'de'),
  act('blasorchester', 'Blasorchester Höllental', 'brass', 'de'),
  act('kaethe-moerike', 'Käthe Mörike', 'pop', 'de'),
  act('fuenf-fluegel', 'Fünf Flügel', 'jazz', 'de'),
  act('grossstadtgefluester', 'Großstadtrauschen', 'electronic', 'de'),
  act('annette-boehm', 'Annette Böhm', 'comedy', 'de'),
  act('lautenwerk', 'Lautenwerk Sachsen', 'classical', 'de'),
  act('schwarzwald-kapelle', 'Schwarzwälder Tanzkapelle', 'brass', 'de'),
  act('aruna-sharma', 'अरुणा शर्मा', 'hindustani', 'hi', 'Aruna Sharma'),
  act('rahul-deshmukh', 'राहुल देशमुख', 'ghazal', 'hi', 'Rahul Deshmukh'),
  act('kavita-joshi', 'कविता जोशी', 'dance', 'hi', 'Kavita Joshi'),
  act('vikram-rathore', 'विक्रम राठौर', 'comedy', 'hi', 'Vikram Rathore'),
  act('meera-pathak', 'मीरा पाठक', 'hindustani', 'hi', 'Meera Pathak'),
  act('sur-sangam', 'सुर संगम', 'hindustani', 'hi', 'Sur Sangam'),
  act('nilesh-mishra-band', 'नीलकंठ बैंड', 'rock', 'hi', 'Neelkanth Band'),
  act('zakia-begum', 'ज़किया बेगम', 'ghazal', 'hi', 'Zakia Begum'),
  act('devika-rao', 'देविका राव', 'dance', 'hi', 'Devika Rao'),
  act('pandit-ojha', 'पंडित रामेश्वर ओझा', 'hindustani', 'hi', 'Pandit Rameshwar Ojha'),
];

/** Two words and a city: derbies and leagues are made of them. */
export const teams: readonly {
  name: string;
  city: string;
  sport: 'cricket' | 'football' | 'hockey' | 'kabaddi';
}[] = [
  { name: 'Mumbai Mariners', city: 'Mumbai', sport: 'cricket' },
  { name: 'Delhi Dynamos XI', city: 'New Delhi', sport: 'cricket' },
  { name: 'Bengaluru Banyans', city: 'Bengaluru', sport: 'cricket' },
  { name: 'Chennai Chargers', city: 'Chennai', sport: 'cricket' },
  { name: 'Kolkata Comets', city: 'Kolkata', sport: 'cricket' },
  { name: 'Hyderabad Hawks', city: 'Hyderabad', sport: 'kabaddi' },
  { name: 'Pune Panthers', city: 'Pune', sport: 'kabaddi' },
  { name: 'Jaipur Jaguars', city: 'Jaipur', sport: 'kabaddi' },
  { name: 'SV Spree Berlin', city: 'Berlin', sport: 'football' },
  { name: 'TSV Isar München', city: 'München', sport: 'football' },
  { name: 'Hansa Alster', city: 'Hamburg', sport: 'football' },
  { name: 'Rheinlöwen Köln', city: 'Köln', sport: 'hockey' },
  { name: 'Eisbären Nürnberg', city: 'Nürnberg', sport: 'hockey' },
  { name: 'Düssel Falken', city: 'Düsseldorf', sport: 'hockey' },
  { name: 'London Lamplighters', city: 'London', sport: 'football' },
  { name: 'Wiener Donauteufel', city: 'Wien', sport: 'hockey' },
];
