/** The demonstration: what `evently seed` puts on sale. */

export type SeedVenue = {
  name: string;
  address: string;
  city: string;
  state: string;
  postalCode: string;
  latitude: number;
  longitude: number;
  capacity: number;
};
export type SeedEvent = {
  name: string;
  description: string;
  type:
    | 'cultural'
    | 'conference'
    | 'festival'
    | 'concert'
    | 'entertainment'
    | 'workshop'
    | 'business'
    | 'exhibition'
    | 'sports';
  venue: string;
  /** Whole days from today; the start is at `startHour` UTC. */
  daysAhead: number;
  startHour: number;
  hours: number;
  capacity: number;
  /** INR, major units. */
  price: number;
  maxPerBooking: number;
  tiers?: readonly { name: string; capacity: number; price: number }[];
};

export const seedUsers = [
  { email: 'atlan1@mail.com', name: 'Asha Nair' },
  { email: 'atlan2@mail.com', name: 'Rohan Mehta' },
] as const;
export const seedAdminName = 'Atlan Administrator';

export const seedVenues: readonly SeedVenue[] = [
  {
    name: 'Nehru Centre Auditorium',
    address: 'Dr Annie Besant Road, Worli',
    city: 'Mumbai',
    state: 'Maharashtra',
    postalCode: '400018',
    latitude: 18.9905,
    longitude: 72.8147,
    capacity: 1_000,
  },
  {
    name: 'Jio World Garden',
    address: 'Bandra Kurla Complex',
    city: 'Mumbai',
    state: 'Maharashtra',
    postalCode: '400051',
    latitude: 19.064,
    longitude: 72.865,
    capacity: 15_000,
  },
  {
    name: 'Bangalore International Exhibition Centre',
    address: '10th Mile, Tumkur Road',
    city: 'Bengaluru',
    state: 'Karnataka',
    postalCode: '562123',
    latitude: 13.0626,
    longitude: 77.4742,
    capacity: 8_000,
  },
  {
    name: 'Chowdiah Memorial Hall',
    address: 'Gayathri Devi Park Extension, Malleswaram',
    city: 'Bengaluru',
    state: 'Karnataka',
    postalCode: '560003',
    latitude: 13.0017,
    longitude: 77.5714,
    capacity: 1_100,
  },
  {
    name: 'Siri Fort Auditorium',
    address: 'August Kranti Marg',
    city: 'New Delhi',
    state: 'Delhi',
    postalCode: '110049',
    latitude: 28.5515,
    longitude: 77.221,
    capacity: 1_865,
  },
  {
    name: 'Bharat Mandapam',
    address: 'Pragati Maidan, Mathura Road',
    city: 'New Delhi',
    state: 'Delhi',
    postalCode: '110001',
    latitude: 28.618,
    longitude: 77.243,
    capacity: 7_000,
  },
  {
    name: 'The Music Academy',
    address: 'TTK Road, Royapettah',
    city: 'Chennai',
    state: 'Tamil Nadu',
    postalCode: '600014',
    latitude: 13.046,
    longitude: 80.26,
    capacity: 1_500,
  },
  {
    name: 'Eden Gardens',
    address: 'B.B.D. Bagh',
    city: 'Kolkata',
    state: 'West Bengal',
    postalCode: '700021',
    latitude: 22.5646,
    longitude: 88.3433,
    capacity: 66_000,
  },
  {
    name: 'HITEX Exhibition Centre',
    address: 'Izzat Nagar, Kondapur',
    city: 'Hyderabad',
    state: 'Telangana',
    postalCode: '500084',
    latitude: 17.47,
    longitude: 78.376,
    capacity: 5_000,
  },
  {
    name: 'Jawahar Kala Kendra',
    address: 'Jawahar Lal Nehru Marg',
    city: 'Jaipur',
    state: 'Rajasthan',
    postalCode: '302004',
    latitude: 26.879,
    longitude: 75.813,
    capacity: 600,
  },
];

export const seedEvents: readonly SeedEvent[] = [
  {
    name: 'Monsoon Ragas: an Evening of Hindustani Music',
    type: 'cultural',
    venue: 'Nehru Centre Auditorium',
    description: 'Khayal and thumri for the season of rain, by three generations of one family of singers.',
    daysAhead: 14,
    startHour: 13,
    hours: 3,
    capacity: 900,
    price: 750,
    maxPerBooking: 6,
  },
  {
    name: 'India Platform Engineering Conference',
    type: 'conference',
    venue: 'Bharat Mandapam',
    description: 'Two tracks on running software for a billion people: queues, databases, on-call and cost.',
    daysAhead: 45,
    startHour: 4,
    hours: 9,
    capacity: 2_500,
    price: 4_999,
    maxPerBooking: 10,
  },
  {
    name: 'Lake City Lights Festival',
    type: 'festival',
    venue: 'Jio World Garden',
    description: 'Food from twelve states, puppet theatre, kites by day and lanterns by night.',
    daysAhead: 30,
    startHour: 10,
    hours: 8,
    capacity: 12_000,
    price: 499.5,
    maxPerBooking: 10,
  },
  {
    name: 'Indie Night Live',
    type: 'concert',
    venue: 'Bangalore International Exhibition Centre',
    description: 'Five bands, one stage, and a crowd that knows every word.',
    daysAhead: 21,
    startHour: 12,
    hours: 5,
    capacity: 6_000,
    price: 1_499,
    maxPerBooking: 8,
    tiers: [
      { name: 'Standing', capacity: 4_500, price: 1_499 },
      { name: 'Balcony', capacity: 1_300, price: 2_499 },
      { name: 'Front of stage', capacity: 200, price: 4_999 },
    ],
  },
  {
    name: 'The Late Laugh: Stand-up Special',
    type: 'entertainment',
    venue: 'Siri Fort Auditorium',
    description: 'Ninety minutes on trains, landlords and family groups.',
    daysAhead: 10,
    startHour: 14,
    hours: 2,
    capacity: 1_800,
    price: 999,
    maxPerBooking: 6,
  },
  {
    name: 'Block Printing Workshop',
    type: 'workshop',
    venue: 'Jawahar Kala Kendra',
    description: 'Carve a block, mix a dye, go home with a scarf. Materials are included.',
    daysAhead: 7,
    startHour: 5,
    hours: 4,
    capacity: 40,
    price: 1_250,
    maxPerBooking: 4,
  },
  {
    name: 'Southern Founders Summit',
    type: 'business',
    venue: 'HITEX Exhibition Centre',
    description: 'A day for people who build companies: first customers, first hires, first loan.',
    daysAhead: 60,
    startHour: 4,
    hours: 8,
    capacity: 1_200,
    price: 2_999,
    maxPerBooking: 10,
  },
  {
    name: 'Rockets and Satellites: Fifty Years of Indian Space',
    type: 'exhibition',
    venue: 'Bangalore International Exhibition Centre',
    description: 'Engines, models and the control desk of a launch, explained by those who sat at it.',
    daysAhead: 25,
    startHour: 4,
    hours: 8,
    capacity: 3_000,
    price: 300,
    maxPerBooking: 10,
  },
  {
    name: 'City Derby under Lights',
    type: 'sports',
    venue: 'Eden Gardens',
    description: 'Twenty overs a side, and a century of arguing about it afterwards.',
    daysAhead: 35,
    startHour: 13,
    hours: 4,
    capacity: 50_000,
    price: 850,
    maxPerBooking: 10,
  },
  {
    name: 'Margazhi Season Opening Concert',
    type: 'concert',
    venue: 'The Music Academy',
    description: 'Carnatic vocal, violin and mridangam open the December season.',
    daysAhead: 28,
    startHour: 12,
    hours: 3,
    capacity: 1_400,
    price: 1_100,
    maxPerBooking: 4,
  },
];
