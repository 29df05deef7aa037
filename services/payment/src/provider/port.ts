/** The port to whoever moves the money. Every adapter passes the same contract test. */
import type { ProviderCharge, ProviderRefund } from '../domain/life.ts';

/** `key` is the id of our payment: the provider's idempotency key and its metadata about us. */
export type CaptureRequest = {
  key: string;
  amountMinor: number;
  currency: string;
  token: string;
  method: string;
};
export type RefundRequest = { key: string; refundId: string; amountMinor: number };

/** A hint that something changed. Its claims about money are never believed: the object is asked for. */
export type ProviderEvent = { eventId: string; mode: 'test' | 'live'; key: string; refundId: string | null };

/** Whoever takes the money. A rejection says nothing about the outcome. `signal` aborts at the deadline. */
export type PaymentProvider = {
  name: string;
  /** Events of the other mode are refused. */
  mode: 'test' | 'live';
  signatureHeader: string;
  /** Takes the money once per key; a key that is voided stays voided and takes none. */
  capture: (request: CaptureRequest, signal: AbortSignal) => Promise<ProviderCharge>;
  /** The present state of a key; null when the provider never heard of it. */
  retrieve: (key: string, signal: AbortSignal) => Promise<ProviderCharge | null>;
  /** Makes sure that no money will ever be taken under `key`, known or not; answers what was already so. */
  void: (key: string, signal: AbortSignal) => Promise<ProviderCharge>;
  /** Gives money back once per refund id, never above what was captured (then it answers `failed`). */
  refund: (request: RefundRequest, signal: AbortSignal) => Promise<ProviderRefund>;
  retrieveRefund: (refundId: string, signal: AbortSignal) => Promise<ProviderRefund | null>;
  /** Reads the body of a webhook; null when it is none of ours. */
  parseEvent: (rawBody: string) => ProviderEvent | null;
};
