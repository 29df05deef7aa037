/** The prepared requests of a run: who asks for how much, under which key. */
import { requestBytes, type Target } from 'evently/generator/request-bytes';

export type RequestPlan = {
  target: Target;
  path: string;
  eventId: string;
  /** One buyer each. */
  tokens: readonly string[];
  quantityOf: (buyer: number) => number;
};

/** One reservation per buyer, each with a key of its own. */
export function prepareReservations(plan: RequestPlan): readonly Buffer[] {
  const { target, path, eventId, quantityOf } = plan;
  return plan.tokens.map((token, buyer) =>
    requestBytes(target, {
      method: 'POST',
      path,
      token,
      body: {
        event_id: eventId,
        quantity: quantityOf(buyer),
        idempotency_key: `bench ${eventId} ${buyer}`,
      },
    }),
  );
}
