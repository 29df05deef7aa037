/** Where the events of the relevance set take place: cities with invented houses in them. */

export type House = { name: string; address: string; capacity: number };
export type City = {
  name: string;
  state: string;
  country: string;
  currency: string;
  latitude: number;
  longitude: number;
  houses: readonly House[];
};

const between = ' | ';

/** From lines: name, state, country, currency, latitude, longitude; then each house's name, address, capacity. */
function city(line: string, ...houses: readonly string[]): City {
  const [name = '', state = '', country = '', currency = '', latitude, longitude] = line.split(between);
  return {
    name,
    state,
    country,
    currency,
    latitude: Number(latitude),
    longitude: Number(longitude),
    houses: houses.map((house) => {
      const [called = '', address = '', capacity] = house.split(between);
      return { name: called, address, capacity: Number(capacity) };
    }),
  };
}

export const cities: readonly City[] = [
  city(
    'Mumbai | Maharashtra | India | INR | 19.076 | 72.878',
    'Tilak Auditorium | Worli Sea Face 12 | 1100',
    'Gateway Arena | Bandra Kurla Road 4 | 14000',
    'Prithvi Lane Playhouse | Juhu Church Road 20 | 240',
  ),
  city(
    'New Delhi | Delhi | India | INR | 28.614 | 77.209',
    'Kamal Rang Bhavan | Mandi House Circle 3 | 650',
    'Yamuna Stadium | Ring Road 88 | 32000',
    'Lodhi Garden Stage | Lodhi Road 7 | 2500',
  ),
  city(
    'Bengaluru | Karnataka | India | INR | 12.972 | 77.594',
    'Cubbon Hall | Kasturba Road 15 | 900',
    'Whitefield Convention Centre | ITPL Main Road 101 | 6000',
    'The Banyan Room | Indiranagar 100 Feet Road 9 | 300',
  ),
  city(
    'Chennai | Tamil Nadu | India | INR | 13.083 | 80.27',
    'Marina Sabha | Kamarajar Salai 31 | 1200',
    'Adyar Conservatory | Besant Avenue 2 | 480',
  ),
  city(
    'Kolkata | West Bengal | India | INR | 22.573 | 88.364',
    'Rabindra Mancha | Park Street 60 | 1000',
    'Hooghly Grounds | Strand Road 14 | 18000',
  ),
  city(
    'Hyderabad | Telangana | India | INR | 17.385 | 78.487',
    'Charminar Arena | Necklace Road 5 | 9000',
    'Golconda Amphitheatre | Fort Road 1 | 2200',
  ),
  city(
    'Pune | Maharashtra | India | INR | 18.52 | 73.857',
    'Bal Natya Mandir | Karve Road 44 | 750',
    'Deccan Gardens | Fergusson Road 16 | 5000',
  ),
  city(
    'Jaipur | Rajasthan | India | INR | 26.912 | 75.787',
    'Hawa Kala Kendra | Jawahar Lal Marg 8 | 850',
    'Amber Courtyard | Amer Road 3 | 1600',
  ),
  city(
    'Varanasi | Uttar Pradesh | India | INR | 25.318 | 82.974',
    'Assi Ghat Stage | Assi Ghat | 3000',
    'Tulsi Sabhagar | Lanka Road 21 | 500',
  ),
  city(
    'Kochi | Kerala | India | INR | 9.931 | 76.267',
    'Vembanad Pavilion | Marine Drive 6 | 1400',
    'Fort Kochi Art House | Princess Street 11 | 220',
  ),
  city(
    'Berlin | Berlin | Germany | EUR | 52.52 | 13.405',
    'Spreehalle | Holzmarktstraße 25 | 3500',
    'Kesselhaus am Ufer | Schönhauser Allee 36 | 800',
    'Schlossgarten-Bühne | Straße des 17. Juni 100 | 6000',
  ),
  city(
    'München | Bayern | Germany | EUR | 48.137 | 11.575',
    'Isarphilharmonie am Gasteig | Hans-Preißinger-Straße 8 | 1900',
    'Löwenbräuwiese | Theresienhöhe 12 | 9000',
    'Kleines Haus Schwabing | Leopoldstraße 77 | 260',
  ),
  city(
    'Hamburg | Hamburg | Germany | EUR | 53.551 | 9.994',
    'Speicherbühne | Am Sandtorkai 30 | 1200',
    'Alsterpark-Arena | Elbchaussee 55 | 15000',
  ),
  city(
    'Köln | Nordrhein-Westfalen | Germany | EUR | 50.938 | 6.96',
    'Rheinauhalle | Agrippinaufer 10 | 4200',
    'Domkeller Theater | Am Hof 14 | 320',
  ),
  city(
    'Frankfurt am Main | Hessen | Germany | EUR | 50.11 | 8.682',
    'Mainkai Kongresshaus | Mainkai 40 | 2600',
    'Palmengarten-Pavillon | Siesmayerstraße 61 | 700',
  ),
  city(
    'Leipzig | Sachsen | Germany | EUR | 51.34 | 12.375',
    'Bachsaal am Thomasring | Dittrichring 4 | 1100',
    'Werk Plagwitz | Spinnereistraße 7 | 1800',
  ),
  city(
    'Nürnberg | Bayern | Germany | EUR | 49.452 | 11.077',
    'Meistersaal | Königstraße 88 | 1500',
    'Burgwiese | Auf der Burg 13 | 5000',
  ),
  city(
    'Düsseldorf | Nordrhein-Westfalen | Germany | EUR | 51.227 | 6.773',
    'Tonkuppel | Ehrenhof 1 | 1850',
    'Zakk und Fabrik | Fichtenstraße 40 | 900',
  ),
  city(
    'London | England | United Kingdom | GBP | 51.507 | -0.128',
    'Thameside Hall | South Bank 9 | 2700',
    "St. Brigid's Crypt | Fleet Street 101 | 180",
  ),
  city(
    'New York | New York | United States | USD | 40.713 | -74.006',
    'Gowanus Works | Third Avenue 232 | 1300',
    'Hudson Yards Forum | West 33rd Street 500 | 16000',
  ),
  city(
    'Zürich | Zürich | Switzerland | CHF | 47.377 | 8.541',
    'Limmathaus | Limmatstrasse 118 | 1200',
    'Seebühne Zürichhorn | Bellerivestrasse 138 | 3000',
  ),
  city(
    'Wien | Wien | Austria | EUR | 48.208 | 16.374',
    'Donausaal | Obere Donaustraße 3 | 1700',
    'Kabarett im Schottenhof | Freyung 6 | 240',
  ),
  city(
    'São Paulo | São Paulo | Brazil | BRL | -23.55 | -46.633',
    'Teatro Ibirapuã | Avenida Paulista 900 | 1400',
    'Arena Anhembá | Rua Professor 200 | 20000',
  ),
  city(
    'Kraków | Małopolska | Poland | PLN | 50.065 | 19.945',
    'Scena Wisła | Bulwar Czerwieński 3 | 1000',
    'Piwnica pod Smokiem | Rynek Główny 27 | 150',
  ),
];

export function citiesIn(...countries: readonly string[]): readonly City[] {
  return cities.filter(({ country }) => countries.includes(country));
}
