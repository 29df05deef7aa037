/** The test tokens of the fake provider: what each of them makes it do. Documented in docs/payments-test-tokens.md. */

/** How the fake treats one capture. Times are milliseconds. */
export type FakeScript = {
  /** What the charge ends as; null when the request is lost on its way. */
  outcome: 'succeeded' | 'declined' | null;
  declineCode: string | null;
  /** The charge is pending, and the answer waits, for this long. */
  settlesAfterMs: number;
  answer: 'normal' | 'none' | 'http-500';
  /** How often its webhook is sent; 0 sends none. */
  webhookCopies: number;
  webhookAfterMs: number;
  webhookClaimsWrongAmount: boolean;
  refundFails: boolean;
};

const latestAnswerMs = 30_000;
const latestWebhookMs = 3 * 24 * 3_600_000;

const plain: FakeScript = {
  outcome: 'succeeded',
  declineCode: null,
  settlesAfterMs: 0,
  answer: 'normal',
  webhookCopies: 0,
  webhookAfterMs: 0,
  webhookClaimsWrongAmount: false,
  refundFails: false,
};

const scripts: Readonly<Record<string, FakeScript>> = {
  tok_decline: { ...plain, outcome: 'declined', declineCode: 'card_declined' },
  tok_insufficient_funds: { ...plain, outcome: 'declined', declineCode: 'insufficient_funds' },
  tok_timeout: { ...plain, answer: 'none' },
  tok_timeout_declined: { ...plain, outcome: 'declined', declineCode: 'card_declined', answer: 'none' },
  tok_timeout_lost: { ...plain, outcome: null, answer: 'none' },
  tok_twice: { ...plain, webhookCopies: 2 },
  tok_error_after_success: { ...plain, answer: 'http-500', webhookCopies: 1 },
  tok_wrong_amount: { ...plain, webhookCopies: 1, webhookClaimsWrongAmount: true },
  tok_refund_fails: { ...plain, refundFails: true },
};

/** The script of `token`; any token that is not a documented test token succeeds at once. */
export function scriptOf(token: string): FakeScript {
  const late = /^tok_(webhook_)?late_(\d{1,9})$/.exec(token);
  if (late !== null) {
    const ms = Number(late[2]);
    return late[1] === undefined
      ? { ...plain, settlesAfterMs: Math.min(ms, latestAnswerMs), webhookCopies: 1 }
      : { ...plain, webhookCopies: 1, webhookAfterMs: Math.min(ms, latestWebhookMs) };
  }
  return Object.hasOwn(scripts, token) ? (scripts[token] ?? plain) : plain;
}
