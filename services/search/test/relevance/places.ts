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

const india = { country: 'India', currency: 'INR' } as const;
const germany = { country: 'Germany', currency: 'EUR' } as const;

/** A house from one line: name, address, capacity. */
function houses(...lines: readonly string[]): readonly House[] {
  return lines.map((line) => {
    const [name = '', address = '', capacity = ''] = line.split(' | ');
    return { name, address, capacity: Number(capacity) };
  });
}

const indianCities: readonly City[] = [
  {
    ...india,
    ...{ name: 'Mumbai', state: 'Maharashtra', latitude: 19.076, longitude: 72.878 },
    houses: houses(
      'Tilak Auditorium | Worli Sea Face 12 | 1100',
      'Gateway Arena | Bandra Kurla Road 4 | 14000',
      'Prithvi Lane Playhouse | Juhu Church Road 20 | 240',
    ),
  },
  {
    ...india,
    ...{ name: 'New Delhi', state: 'Delhi', latitude: 28.614, longitude: 77.209 },
    houses: houses(
      'Kamal Rang Bhavan | Mandi House Circle 3 | 650',
      'Yamuna Stadium | Ring Road 88 | 32000',
      'Lodhi Garden Stage | Lodhi Road 7 | 2500',
    ),
  },
  {
    ...india,
    ...{ name: 'Bengaluru', state: 'Karnataka', latitude: 12.972, longitude: 77.594 },
    houses: houses(
      'Cubbon Hall | Kasturba Road 15 | 900',
      'Whitefield Convention Centre | ITPL Main Road 101 | 6000',
      'The Banyan Room | Indiranagar 100 Feet Road 9 | 300',
    ),
  },
  {
    ...india,
    ...{ name: 'Chennai', state: 'Tamil Nadu', latitude: 13.083, longitude: 80.27 },
    houses: houses('Marina Sabha | Kamarajar Salai 31 | 1200', 'Adyar Conservatory | Besant Avenue 2 | 480'),
  },
  {
    ...india,
    ...{ name: 'Kolkata', state: 'West Bengal', latitude: 22.573, longitude: 88.364 },
    houses: houses('Rabindra Mancha | Park Street 60 | 1000', 'Hooghly Grounds | Strand Road 14 | 18000'),
  },
  {
    ...india,
    ...{ name: 'Hyderabad', state: 'Telangana', latitude: 17.385, longitude: 78.487 },
    houses: houses('Charminar Arena | Necklace Road 5 | 9000', 'Golconda Amphitheatre | Fort Road 1 | 2200'),
  },
  {
    ...india,
    ...{ name: 'Pune', state: 'Maharashtra', latitude: 18.52, longitude: 73.857 },
    houses: houses('Bal Natya Mandir | Karve Road 44 | 750', 'Deccan Gardens | Fergusson Road 16 | 5000'),
  },
  {
    ...india,
    ...{ name: 'Jaipur', state: 'Rajasthan', latitude: 26.912, longitude: 75.787 },
    houses: houses('Hawa Kala Kendra | Jawahar Lal Marg 8 | 850', 'Amber Courtyard | Amer Road 3 | 1600'),
  },
  {
    ...india,
    ...{ name: 'Varanasi', state: 'Uttar Pradesh', latitude: 25.318, longitude: 82.974 },
    houses: houses('Assi Ghat Stage | Assi Ghat | 3000', 'Tulsi Sabhagar | Lanka Road 21 | 500'),
  },
  {
    ...india,
    ...{ name: 'Kochi', state: 'Kerala', latitude: 9.931, longitude: 76.267 },
    houses: houses(
      'Vembanad Pavilion | Marine Drive 6 | 1400',
      'Fort Kochi Art House | Princess Street 11 | 220',
    ),
  },
];

const germanCities: readonly City[] = [
  {
    ...germany,
    ...{ name: 'Berlin', state: 'Berlin', latitude: 52.52, longitude: 13.405 },
    houses: houses(
      'Spreehalle | Holzmarktstraße 25 | 3500',
      'Kesselhaus am Ufer | Schönhauser Allee 36 | 800',
      'Schlossgarten-Bühne | Straße des 17. Juni 100 | 6000',
    ),
  },
  {
    ...germany,
    ...{ name: 'München', state: 'Bayern', latitude: 48.137, longitude: 11.575 },
    houses: houses(
      'Isarphilharmonie am Gasteig | Hans-Preißinger-Straße 8 | 1900',
      'Löwenbräuwiese | Theresienhöhe 12 | 9000',
      'Kleines Haus Schwabing | Leopoldstraße 77 | 260',
    ),
  },
  {
    ...germany,
    ...{ name: 'Hamburg', state: 'Hamburg', latitude: 53.551, longitude: 9.994 },
    houses: houses('Speicherbühne | Am Sandtorkai 30 | 1200', 'Alsterpark-Arena | Elbchaussee 55 | 15000'),
  },
  {
    ...germany,
    ...{ name: 'Köln', state: 'Nordrhein-Westfalen', latitude: 50.938, longitude: 6.96 },
    houses: houses('Rheinauhalle | Agrippinaufer 10 | 4200', 'Domkeller Theater | Am Hof 14 | 320'),
  },
  {
    ...germany,
    ...{ name: 'Frankfurt am Main', state: 'Hessen', latitude: 50.11, longitude: 8.682 },
    houses: houses(
      'Mainkai Kongresshaus | Mainkai 40 | 2600',
      'Palmengarten-Pavillon | Siesmayerstraße 61 | 700',
    ),
  },
  {
    ...germany,
    ...{ name: 'Leipzig', state: 'Sachsen', latitude: 51.34, longitude: 12.375 },
    houses: houses(
      'Bachsaal am Thomasring | Dittrichring 4 | 1100',
      'Werk Plagwitz | Spinnereistraße 7 | 1800',
    ),
  },
  {
    ...germany,
    ...{ name: 'Nürnberg', state: 'Bayern', latitude: 49.452, longitude: 11.077 },
    houses: houses('Meistersaal | Königstraße 88 | 1500', 'Burgwiese | Auf der Burg 13 | 5000'),
  },
  {
    ...germany,
    ...{ name: 'Düsseldorf', state: 'Nordrhein-Westfalen', latitude: 51.227, longitude: 6.773 },
    houses: houses('Tonkuppel | Ehrenhof 1 | 1850', 'Zakk und Fabrik | Fichtenstraße 40 | 900'),
  },
];

const otherCities: readonly City[] = [
  {
    ...{ name: 'London', state: 'England', country: 'United Kingdom', currency: 'GBP' },
    ...{ latitude: 51.507, longitude: -0.128 },
    houses: houses('Thameside Hall | South Bank 9 | 2700', "St. Brigid's Crypt | Fleet Street 101 | 180"),
  },
  {
    ...{ name: 'New York', state: 'New York', country: 'United States', currency: 'USD' },
    ...{ latitude: 40.713, longitude: -74.006 },
    houses: houses(
      'Gowanus Works | Third Avenue 232 | 1300',
      'Hudson Yards Forum | West 33rd Street 500 | 16000',
    ),
  },
  {
    ...{ name: 'Zürich', state: 'Zürich', country: 'Switzerland', currency: 'CHF' },
    ...{ latitude: 47.377, longitude: 8.541 },
    houses: houses(
      'Limmathaus | Limmatstrasse 118 | 1200',
      'Seebühne Zürichhorn | Bellerivestrasse 138 | 3000',
    ),
  },
  {
    ...{ name: 'Wien', state: 'Wien', country: 'Austria', currency: 'EUR' },
    ...{ latitude: 48.208, longitude: 16.374 },
    houses: houses('Donausaal | Obere Donaustraße 3 | 1700', 'Kabarett im Schottenhof | Freyung 6 | 240'),
  },
  {
    ...{ name: 'São Paulo', state: 'São Paulo', country: 'Brazil', currency: 'BRL' },
    ...{ latitude: -23.55, longitude: -46.633 },
    houses: houses(
      'Teatro Ibirapuã | Avenida Paulista 900 | 1400',
      'Arena Anhembá | Rua Professor 200 | 20000',
    ),
  },
  {
    ...{ name: 'Kraków', state: 'Małopolska', country: 'Poland', currency: 'PLN' },
    ...{ latitude: 50.065, longitude: 19.945 },
    houses: houses(
      'Scena Wisła | Bulwar Czerwieński 3 | 1000',
      'Piwnica pod Smokiem | Rynek Główny 27 | 150',
    ),
  },
];

export const cities: readonly City[] = [...indianCities, ...germanCities, ...otherCities];

export function citiesIn(...countries: readonly string[]): readonly City[] {
  return cities.filter(({ country }) => countries.includes(country));
}
