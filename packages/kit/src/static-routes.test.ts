import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createStaticRouter } from './static-routes.ts';

function createExample() {
  const app = new Hono({ router: createStaticRouter() });
  const seen: string[] = [];
  app.use(async (c, next) => {
    seen.push(c.req.path);
    await next();
  });
  app.get('/bookings/:id/stream', (c) => c.text(`stream of ${c.req.param('id')}`));
  app.get('/bookings/user/:id', (c) => c.text(`bookings of ${c.req.param('id')}`));
  app.get('/bookings/reserve', (c) => c.text('look'));
  app.post('/bookings/reserve', async (c) => c.text(`reserved ${await c.req.text()}`));
  return { app, seen };
}

test('a path without parameters answers each request for itself, by method, with its middleware', async () => {
  const { app, seen } = createExample();
  for (const body of ['one', 'two']) {
    const answer = await app.request('/bookings/reserve', { method: 'POST', body });
    expect(await answer.text()).toBe(`reserved ${body}`);
    expect(await (await app.request('/bookings/reserve')).text()).toBe('look');
  }
  expect(seen).toHaveLength(4);
});

test('parameters are those of each request, also where two patterns meet', async () => {
  const { app } = createExample();
  for (const id of ['7', '8', 'user']) {
    expect(await (await app.request(`/bookings/${id}/stream`)).text()).toBe(`stream of ${id}`);
  }
  for (const id of ['7', '8']) {
    expect(await (await app.request(`/bookings/user/${id}`)).text()).toBe(`bookings of ${id}`);
  }
});

test('what is not registered is looked for each time and found nowhere', async () => {
  const { app } = createExample();
  for (const path of ['/nothing', '/bookings/reserve/', '/nothing']) {
    expect((await app.request(path)).status).toBe(404);
  }
  expect((await app.request('/bookings/reserve', { method: 'BREW' })).status).toBe(404);
});
