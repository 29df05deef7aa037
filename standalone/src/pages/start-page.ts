/** The start page: what is on sale with live availability, and what to try. */
import { html } from 'hono/html';
import { layout, type Html } from './layout.ts';

export type StartPageFacts = {
  metricsPort: number;
  servicePorts: Readonly<Record<string, number>>;
  demonstration: boolean;
  loadTest: boolean;
};

/** `host` is the name under which the visitor reached us, for links to the other ports. */
export function startPage(facts: StartPageFacts, host: string): Html {
  return layout(
    'On sale',
    html`<main>
      <section aria-labelledby="on-sale">
        <div class="row">
          <h1 id="on-sale">On sale</h1>
          <p id="state" class="state" role="status">Loading events…</p>
        </div>
        <ul id="events" class="events" aria-live="off"></ul>
        <noscript
          ><p>
            This list needs JavaScript. The same data is at <a href="/api/event/events">/api/event/events</a>.
          </p></noscript
        >
      </section>
      <section aria-labelledby="try" class="columns">
        <div>
          <h2 id="try">Try it</h2>
          <p>In a second terminal, from the project's folder:</p>
          <dl class="commands">
            <dt><code>npx evently drill</code></dt>
            <dd>
              Sends herds of buyers at one event and shows that the house fills and nothing is sold twice.
              Watch the bars above while it runs.
            </dd>
            <dt><code>npx evently verify</code></dt>
            <dd>Evaluates every invariant on the databases and names the rows that break one.</dd>
            <dt><code>examples/success.sh</code></dt>
            <dd>Register, log in, publish, reserve, confirm and cancel, with curl only.</dd>
          </dl>
          ${facts.demonstration ? demonstrationAccounts : ''}
        </div>
        <div>
          <h2>Look inside</h2>
          <ul class="links">
            <li><a href="/console">Console</a>: the sale live, in charts, and the reports of drills</li>
            <li><a href="/docs">Interface of all services</a>, to read and to try</li>
            <li><a href="/openapi.json">OpenAPI document</a></li>
            <li><a href="/docs/problems">What each problem code means</a></li>
            <li><a href="/health">Health of the parts</a></li>
            <li><a href="http://${host}:${String(facts.metricsPort)}/metrics">Metrics</a> for Prometheus</li>
            ${Object.entries(facts.servicePorts).map(([name, port]) => html`<li><a href="http://${host}:${String(port)}/docs">${name}</a> on its own port ${String(port)}</li>`)}
          </ul>
          <p class="note">
            Load testing is
            ${facts.loadTest ? 'on: an internal endpoint makes tokens for drills, and limits per user are lifted.' : 'off; EVENTLY_LOAD_TEST=1 switches it on.'}
          </p>
        </div>
      </section>
    </main>`,
    { script: '/assets/start.js' },
  );
}

const demonstrationAccounts = html`<h2>Accounts</h2>
  <table>
    <thead>
      <tr>
        <th scope="col">E-mail</th>
        <th scope="col">Password</th>
        <th scope="col">Role</th>
      </tr>
    </thead>
    <tbody>
      <tr>
        <td>atlan1@mail.com</td>
        <td><code>11111111</code></td>
        <td>buyer</td>
      </tr>
      <tr>
        <td>atlan2@mail.com</td>
        <td><code>11111111</code></td>
        <td>buyer</td>
      </tr>
      <tr>
        <td>atlanadmin@mail.com</td>
        <td><code>11111111</code></td>
        <td>administrator</td>
      </tr>
    </tbody>
  </table>`;
