/** What is put on in the relevance set besides artists' tours: festivals, meetings, classes, plays, fairs, feasts. */

export type EventType =
  | 'cultural'
  | 'conference'
  | 'festival'
  | 'concert'
  | 'entertainment'
  | 'workshop'
  | 'business'
  | 'exhibition'
  | 'sports';

export type Work = {
  id: string;
  /** `{city}` and `{year}` are replaced. */
  title: string;
  type: EventType;
  /** What it is about; rules ask for these words. */
  subjects: readonly string[];
  about: string;
  where: 'india' | 'germany' | 'german-speaking' | 'everywhere';
  /** How many cities have it. */
  times: number;
  /** Editions of the years before and after as well. */
  yearly: boolean;
};

function works(
  type: EventType,
  where: Work['where'],
  times: number,
  yearly: boolean,
  lines: readonly string[],
): Work[] {
  return lines.map((line) => {
    const [id = '', title = '', subjects = '', about = ''] = line.split(' | ');
    return { id, title, type, subjects: subjects.split(' '), about, where, times, yearly };
  });
}

const festivals = works('festival', 'everywhere', 10, true, [
  'jazz-festival | {city} Jazz Festival {year} | jazz festival | Three nights of swing, bebop and improvisation with bands from four continents.',
  'street-food | Street Food Festival {city} {year} | food festival | Sixty stalls, open fires and a market for chefs who cook outdoors.',
  'literature | {city} Literature Festival {year} | literature books festival | Authors read, argue and sign books in halls and gardens.',
  'light | Festival of Lights {city} {year} | light festival | Facades, bridges and towers glow in projections after dark.',
  'film | {city} Independent Film Festival {year} | film cinema festival | Ninety films from thirty countries, with their directors present.',
  'electronic | Pulse Electronic Music Festival {city} {year} | electronic music festival | Two stages of techno and house until sunrise.',
  'folk | {city} Folk & Roots Festival {year} | folk festival | Fiddles, ballads and dances from villages near and far.',
  'beer | Craft Beer Days {city} {year} | beer festival | Small breweries pour what they are proud of.',
  'kite | International Kite Festival {city} {year} | kite festival | Giant kites over the river, and classes for children who want to fly one.',
  'dance-fest | {city} Contemporary Dance Festival {year} | dance festival | New choreographies in factories, churches and squares.',
]);

const conferences = works('conference', 'everywhere', 12, true, [
  'ai-summit | Applied AI Summit {city} {year} | ai technology conference | Machine learning in production: models, evaluation and the people who run them.',
  'cloud | Cloud Native Days {city} {year} | cloud technology conference | Kubernetes, observability and platforms, told by the engineers who carry the pager.',
  'climate | Climate Action Forum {city} {year} | climate conference | Cities, insurers and farmers on a warmer world.',
  'medicine | Digital Medicine Congress {city} {year} | medicine health conference | Trials, diagnostics and hospitals without paper.',
  'security | Security & Privacy Conference {city} {year} | security technology conference | Attacks, defences and the law.',
  'design | Interface Design Conference {city} {year} | design conference | Typography, research and products that explain themselves.',
  'fintech | Fintech Leaders Meeting {city} {year} | finance technology conference | Payments, credit and regulation.',
  'mobility | Future of Mobility Congress {city} {year} | mobility conference | Trains, batteries and streets for people.',
]);

const workshops = works('workshop', 'everywhere', 14, false, [
  'pottery | Pottery for Beginners | pottery craft workshop | Throw, trim and glaze your first bowl; clay and firing are included.',
  'watercolour | Watercolour Painting Weekend | painting art workshop | Landscapes in light washes, from sketch to frame.',
  'photography | Night Photography Walk | photography workshop | Tripods, long exposures and the city after rain.',
  'photo-basics | Photography Basics for Teenagers | photography workshop | How a camera sees: aperture, shutter, light.',
  'yoga | Sunrise Yoga Retreat | yoga workshop | Breathing, stretching and silence before breakfast.',
  'baking | Sourdough Baking Class | baking cooking workshop | Flour, water, salt and patience; take your own loaf home.',
  'cooking | Regional Cooking Masterclass | cooking workshop | Knife skills and five dishes of the region.',
  'writing | Creative Writing Workshop | writing literature workshop | Short stories from first line to last.',
  'python | Python Programming Bootcamp | programming technology workshop | From variables to a small web service in two days.',
  'tabla | Tabla for Beginners | tabla music workshop | Rhythm cycles and the first strokes, with instruments provided.',
  'improv | Improvised Theatre Class | theatre workshop | Say yes, listen, fail cheerfully.',
]);

const stages = works('entertainment', 'everywhere', 12, false, [
  'hamlet | Hamlet, a Rehearsal | theatre play | Theatre: a company runs out of time, and of princes.',
  'midsummer | A Midsummer Night Dreamt Twice | theatre play | Open-air theatre after Shakespeare, with rain insurance.',
  'magic | The Vanishing Hour: Magic Show | magic show | Cards, clocks and a watch that belongs to you.',
  'circus | Circus Aurora | circus show | Trapeze, fire and no animals.',
  'open-mic | Open Mic Comedy Night | comedy standup | Ten newcomers, five minutes each.',
  'standup-women | Ladies First Stand-up Special | comedy standup | Four women, one microphone, no mercy.',
  'musical | Harbour Lights: the Musical | musical theatre | Musical theatre with sailors, letters and a brass section.',
  'kids-theatre | The Bear Who Lost His Roar | children theatre | Puppet theatre and songs for ages three to eight.',
  'quiz | Great Big Pub Quiz | quiz show | Teams of six against the quizmaster.',
]);

const exhibitions = works('exhibition', 'everywhere', 10, false, [
  'impressionists | Impressionists by the River | painting art exhibition | Eighty paintings on loan, most of them never shown together.',
  'dinosaurs | Giants of the Jurassic: Dinosaurs | dinosaurs science exhibition | Skeletons, eggs and a walk through deep time.',
  'photo-exhibition | World Press Photographs | photography exhibition | The pictures that told the year.',
  'textiles | Woven Stories: Textiles of Asia | textiles craft exhibition | Silk, cotton and indigo from twelve regions.',
  'space | Space Race: Rockets and Dreams | space science exhibition | Capsules, suits and a piece of the Moon.',
  'toys | A Century of Toys | toys children exhibition | Tin trains, dolls and the first consoles.',
]);

const business = works('business', 'everywhere', 10, true, [
  'startup | Startup Pitch Night {city} {year} | startup business | Twelve founders, four minutes, one prize.',
  'book-fair | {city} Book Fair {year} | books trade fair | Publishers, agents and readers under one roof.',
  'property | Real Estate Expo {city} {year} | property trade fair | Builders and banks show next years homes.',
  'wedding | Wedding & Bridal Fair {city} {year} | wedding trade fair | Dresses, venues and photographers.',
  'jobs | Career Fair for Engineers {city} {year} | jobs trade fair | Two hundred employers who hire.',
]);

const runs = works('sports', 'everywhere', 12, true, [
  'marathon | {city} Marathon {year} | marathon running | Forty-two kilometres through closed streets.',
  'half-marathon | {city} Half Marathon {year} | half-marathon running | Twenty-one kilometres, flat and fast.',
  'chess | {city} Chess Open {year} | chess tournament | Nine rounds, classical time control.',
  'cycling | {city} Night Cycling Tour {year} | cycling | Forty kilometres with lamps on.',
]);

const german = works('cultural', 'german-speaking', 10, false, [
  'weihnachtsmarkt | Weihnachtsmarkt am Dom | weihnachten markt | Glühwein, Handwerk und Lichter an jedem Abend im Advent.',
  'weihnachtskonzert | Weihnachtskonzert der Stadtkapelle | weihnachten konzert | Festliche Musik zum Advent, mit Chor und Orgel.',
  'weihnachtszirkus | Großer Weihnachtszirkus | weihnachten zirkus | Akrobaten und Clowns im beheizten Zelt.',
  'kammermusik | Kammermusikabend im Spiegelsaal | kammermusik konzert | Streichquartette von Haydn bis heute.',
  'strassenmusik | Straßenmusikfestival | strassenmusik festival | Hut statt Eintritt: Musik an jeder Ecke der Altstadt.',
  'sommernacht | Sommernachtsball im Schlossgarten | ball tanz | Walzer, Feuerwerk und lange Kleider.',
  'poetry | Dichterwettstreit: Poetry Slam | poetry literature | Acht Dichter, sechs Minuten, das Publikum entscheidet.',
  'feuerwerk | Feuerwerksmusik am Fluss | feuerwerk konzert | Händel, Raketen und Spiegelungen im Wasser.',
  'maerchen | Märchenstunde für Kinder | maerchen children | Die Brüder Grimm, erzählt am offenen Feuer.',
  'orgel | Orgelnacht bei Kerzenschein | orgel konzert | Bach und Improvisationen bis Mitternacht.',
  'flohmarkt | Nachtflohmarkt in der Fabrikhalle | flohmarkt markt | Schätze und Trödel bis Mitternacht.',
  'schuetzenfest | Schützenfest mit Festumzug | schuetzenfest feast | Umzug, Blasmusik und Königsball.',
  'ruecken | Rückenschule und Entspannungskurs | gesundheit kurs | Übungen für alle, die viel sitzen.',
]);

const hindi = works('cultural', 'india', 10, false, [
  'shastriya | शास्त्रीय संगीत संध्या | shastriya sangeet | An evening of classical ragas with sitar and sarod.',
  'kavi-sammelan | अखिल भारतीय कवि सम्मेलन | kavi poetry | Poets of six languages recite until midnight.',
  'ramlila | रामलीला मैदान महोत्सव | ramlila feast | Ten nights of the epic, with music and masks.',
  'kathak | कथक नृत्य महोत्सव | kathak nritya | Kathak recitals by teachers and their students.',
  'holi | होली मिलन समारोह | holi feast | Colours, sweets and songs; wear white.',
  'diwali | दिवाली मेला | diwali feast | Lamps, crafts and fireworks for families.',
  'natak | हिंदी नाटक: अंधेर नगरी | natak theatre | A satire on a king who sold everything at one price.',
  'pustak | पुस्तक मेला | pustak books | Books in Hindi and Urdu, readings each afternoon.',
  'yoga-shivir | योग शिविर | yoga shivir | Asanas and meditation for body and mind.',
  'lok-geet | लोक गीत उत्सव | lok geet | Folk songs of Rajasthan, Awadh and Bundelkhand.',
  'diwali-latin | Diwali Mela and Lamp Parade | diwali feast | Lamps, crafts and fireworks for families by the lake.',
  'holi-latin | Holi Colour Festival | holi feast | Colours, sweets and songs; wear white.',
  'navratri | Navratri Garba Nights | navratri garba dance | Nine nights of garba and dandiya.',
  'qawwali | Qawwali under the Stars | qawwali concert | Devotional songs at a Sufi shrine.',
  'onam | Onam Sadya and Boat Race | onam feast | A feast on banana leaves after the race.',
]);

export const allWorks: readonly Work[] = [
  ...festivals,
  ...conferences,
  ...workshops,
  ...stages,
  ...exhibitions,
  ...business,
  ...runs,
  ...german,
  ...hindi,
];
