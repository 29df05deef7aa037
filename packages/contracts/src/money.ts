/** Money: integers of minor units inside, numbers of major units at the edge (ISO 4217 exponents). */

// Currencies whose minor unit is not a hundredth (ISO 4217, list one, 2024-06-25).
const exponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

/** Digits after the point of `currency`; 2 unless ISO 4217 says otherwise. */
export function currencyExponent(currency: string): number {
  return exponents[currency] ?? 2;
}

/** 49950 INR -> 499.5 */
export function toMajor(amountMinor: number, currency: string): number {
  return amountMinor / 10 ** currencyExponent(currency);
}

/** 499.5 INR -> 49950; null when the amount has more digits than the currency. */
export function toMinor(amount: number, currency: string): number | null {
  const scaled = amount * 10 ** currencyExponent(currency);
  const rounded = Math.round(scaled);
  return Math.abs(scaled - rounded) < 1e-6 * Math.max(1, Math.abs(scaled)) && Number.isSafeInteger(rounded)
    ? rounded
    : null;
}
