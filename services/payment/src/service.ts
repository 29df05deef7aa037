/** The payment service: attempts to take money, refunds, the provider's webhooks, the ledger. */
import { createApp, type ServiceApp } from '@evently/kit/app';
import type { Ticker } from '@evently/kit/clock';
import { deadLetterRoutes } from '@evently/kit/dead-letters';
import { createRelay } from '@evently/kit/outbox';
import type { PlatformDeps } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { createAttemptBooks } from './actions/attempt-books.ts';
import type { PaymentActionDeps } from './actions/deps.ts';
import type { PaymentConfig } from './config.ts';
import { caseRoutes } from './http/cases.ts';
import { internalRoutes } from './http/internal.ts';
import { paymentRoutes } from './http/payments.ts';
import { verifyRoutes } from './http/verify.ts';
import { webhookRoutes } from './http/webhooks.ts';
import { createBookingHandler, subscribeToBooking } from './jobs/booking-messages.ts';
import { startReconciler } from './jobs/reconciler.ts';
import { addOpenAttempts, createPaymentMetrics } from './metrics.ts';
import { createFakeProvider } from './provider/fake.ts';
import { startFakeWebhooks, type DeliverWebhook } from './provider/fake-webhooks.ts';

/** `deliverWebhook` carries the fake provider's webhooks; without it they reach this very service directly. */
export type PaymentDeps = PlatformDeps & { config: PaymentConfig; deliverWebhook?: DeliverWebhook };

/** Wires the service. Nothing runs before `start`; `stop` ends jobs before the relay that carries their messages. */
export function createPaymentService(deps: PaymentDeps): Service {
  const { config, log, db } = deps;
  const provider = createFakeProvider({
    db,
    clock: deps.clock,
    latencyMs: config.PAYMENT_FAKE_LATENCY_MS,
    webhooks: config.PAYMENT_FAKE_WEBHOOKS,
  });
  const metrics = createPaymentMetrics(deps.registry);
  addOpenAttempts({ registry: deps.registry, db, log });
  const books = createAttemptBooks({ db, metrics });
  const actions: PaymentActionDeps = {
    db,
    books,
    provider,
    providerDeadlineMs: config.PAYMENT_PROVIDER_DEADLINE_MS,
    clock: deps.clock,
    log,
    metrics,
  };
  const relay = createRelay({ db: deps.relayDb, bus: deps.bus, log, published: deps.published });
  const tickers: Ticker[] = [];
  const wakeReconciler = (): void => tickers.forEach((ticker) => ticker.wake());
  const handlers = createBookingHandler({ ...actions, wakeReconciler });
  subscribeToBooking(deps.bus, handlers);
  const app = buildApp(deps, actions, handlers);
  const deliverWebhook = deps.deliverWebhook ?? deliverTo(app);
  const secret = config.PAYMENT_WEBHOOK_SECRETS[0] ?? '';

  return {
    name: 'payment',
    app,
    start: async () => {
      relay.start();
      tickers.push(
        startReconciler({
          ...actions,
          notFoundGraceMs: config.PAYMENT_NOT_FOUND_GRACE_MS,
          everyMs: config.PAYMENT_RECONCILE_EVERY_MS,
        }),
        startFakeWebhooks({ db, clock: deps.clock, log, deliverWebhook, secret }),
      );
    },
    stop: async () => {
      await books.drained();
      await Promise.all(tickers.splice(0).map((ticker) => ticker.stop()));
      await relay.stop();
    },
  };
}

function buildApp(
  deps: PaymentDeps,
  actions: PaymentActionDeps,
  consumers: ReturnType<typeof createBookingHandler>,
): ServiceApp {
  const { config, platform, db } = deps;
  const acceptedApiKeys = platform.EVENTLY_ACCEPTED_API_KEYS;
  const app = createApp({
    service: 'payment',
    title: 'Evently: payments and refunds',
    log: deps.log,
    metrics: deps.requestMetrics,
    dependencies: { database: db.ready },
  });
  app.route('/', internalRoutes({ ...actions, acceptedApiKeys, maxInFlight: config.PAYMENT_MAX_IN_FLIGHT }));
  app.route('/', paymentRoutes({ db, verifier: deps.verifier, platform, limiters: deps.limiters }));
  app.route(
    '/',
    webhookRoutes({
      ...actions,
      webhookRules: {
        secrets: config.PAYMENT_WEBHOOK_SECRETS,
        toleranceSeconds: config.PAYMENT_WEBHOOK_TOLERANCE_S,
      },
    }),
  );
  app.route('/', caseRoutes({ db, log: deps.log, acceptedApiKeys }));
  app.route('/', verifyRoutes({ db, acceptedApiKeys }));
  app.route('/', deadLetterRoutes({ db, consumers, acceptedApiKeys }));
  return app;
}

// The address is never resolved: the request goes to the app in this process.
function deliverTo(app: ServiceApp): DeliverWebhook {
  return async (rawBody, headers) => {
    const request = new Request('http://payment.internal/webhooks/fake', {
      method: 'POST',
      headers,
      body: rawBody,
    });
    return (await app.fetch(request)).status;
  };
}
