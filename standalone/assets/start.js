// The start page's list: one request for all events every two seconds, and one stream for the event that is
// opened. Browsers allow six connections to a host, so a stream per event would block everything else.
const pollMs = 2000;
const list = document.getElementById('events');
const state = document.getElementById('state');
const cards = new Map();
let opened = null;

const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const numbers = new Intl.NumberFormat();

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function money(amount, currency) {
  if (amount === 0) return 'Free';
  return `from ${new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(amount)}`;
}

function createCard(event) {
  const item = element('li', 'event');
  const card = {
    item,
    kind: element('p', 'kind'),
    name: element('h3'),
    place: element('p'),
    time: element('p'),
    left: element('strong'),
    price: element('span'),
    meter: element('meter'),
    button: element('button', '', 'Follow live'),
    tiers: element('ul', 'tiers'),
  };
  const seats = element('p', 'seats');
  seats.append(card.left, card.price);
  card.button.type = 'button';
  card.button.setAttribute('aria-expanded', 'false');
  card.button.addEventListener('click', () => toggle(event.event_id));
  card.tiers.hidden = true;
  item.append(card.kind, card.name, card.place, card.time, seats, card.meter, card.button, card.tiers);
  return card;
}

function showSeats(card, available, capacity, status) {
  const share = capacity > 0 ? available / capacity : 0;
  const sold = status === 'sold_out' || available === 0;
  card.left.textContent = sold
    ? 'Sold out'
    : `${numbers.format(available)} of ${numbers.format(capacity)} left`;
  card.left.className = sold ? 'none' : share <= 0.1 ? 'few' : 'plenty';
  card.meter.min = 0;
  card.meter.max = Math.max(1, capacity);
  card.meter.value = capacity - available;
  card.meter.textContent = card.left.textContent;
  card.meter.setAttribute(
    'aria-label',
    `Taken: ${numbers.format(capacity - available)} of ${numbers.format(capacity)}`,
  );
}

function show(event) {
  const known = cards.get(event.event_id);
  const card = known ?? createCard(event);
  card.capacity = event.total_capacity;
  card.kind.textContent = event.event_type;
  card.name.textContent = event.name;
  card.place.textContent = `${event.venue_name}, ${event.venue_city}`;
  card.time.textContent = days.format(new Date(event.start_datetime));
  card.price.textContent = money(event.base_price, event.currency);
  if (opened?.id !== event.event_id)
    showSeats(card, event.available_seats, event.total_capacity, event.status);
  cards.set(event.event_id, card);
  return card.item;
}

function closeStream() {
  if (opened === null) return;
  opened.source.close();
  const card = cards.get(opened.id);
  opened = null;
  if (card === undefined) return;
  card.button.textContent = 'Follow live';
  card.button.setAttribute('aria-expanded', 'false');
  card.tiers.hidden = true;
}

function toggle(id) {
  const closing = opened?.id === id;
  closeStream();
  if (closing) return;
  const card = cards.get(id);
  const source = new EventSource(`/api/event/events/${encodeURIComponent(id)}/availability/stream`);
  opened = { id, source };
  card.button.textContent = 'Stop following';
  card.button.setAttribute('aria-expanded', 'true');
  const receive = (message) => {
    const { available_seats, status, tiers = [] } = JSON.parse(message.data);
    showSeats(card, available_seats, card.capacity, status);
    card.tiers.hidden = tiers.length === 0;
    card.tiers.replaceChildren(
      ...tiers.map((tier) => {
        const row = element('li');
        row.append(
          element('span', '', tier.name ?? 'Tier'),
          element('span', '', `${numbers.format(tier.available_seats ?? tier.available ?? 0)} left`),
        );
        return row;
      }),
    );
  };
  source.addEventListener('message', receive);
  source.addEventListener('availability', receive);
}

async function refresh() {
  try {
    const response = await fetch('/api/event/events?limit=100', { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(String(response.status));
    const { events, total } = await response.json();
    const ids = new Set(events.map((event) => event.event_id));
    if (opened !== null && !ids.has(opened.id)) closeStream();
    for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
    const items = events.map(show);
    // Only touched when something moved, so that focus and scrolling stay where they are.
    if (items.length !== list.children.length || items.some((item, at) => list.children[at] !== item))
      list.replaceChildren(...items);
    state.textContent =
      total === 0
        ? 'No events yet: npx evently seed makes ten.'
        : `${numbers.format(total)} events, availability every 2 s`;
    state.classList.remove('broken');
  } catch {
    state.textContent = 'The platform does not answer right now; trying again.';
    state.classList.add('broken');
  }
}

async function follow() {
  if (!document.hidden) await refresh();
  setTimeout(follow, pollMs);
}
void follow();
