/** When an event may be sold: the catalog's window, or the armed sale's, which wins. Pure. */

export type CatalogWindow = {
  status: 'published' | 'cancelled' | 'completed';
  mode: 'open' | 'window' | 'managed';
  opensAt: Date | null;
  closesAt: Date | null;
};
export type Intent = 'Run' | 'Hold' | 'Stop';
export type ArmedWindow = { opensAt: Date; closesAt: Date | null; intent: Intent };
/** [from, until): null is "no bound" for `until` and "never" for `from`. */
export type Window = { from: Date | 'always' | 'never'; until: Date | 'never' | 'always' };

/**
 * The window in force. A cancelled or completed event sells nothing; an armed sale replaces the catalog's
 * window (`Hold` keeps it shut until another intent, `Stop` ends it); a managed event without one stays shut.
 */
export function windowInForce(catalog: CatalogWindow, armed: ArmedWindow | null): Window {
  if (catalog.status !== 'published') return { from: 'always', until: 'always' };
  if (armed !== null) {
    if (armed.intent === 'Stop') return { from: armed.opensAt, until: 'always' };
    if (armed.intent === 'Hold') return { from: 'never', until: armed.closesAt ?? 'never' };
    return { from: armed.opensAt, until: armed.closesAt ?? 'never' };
  }
  switch (catalog.mode) {
    case 'open':
      return { from: 'always', until: 'never' };
    case 'window':
      return { from: catalog.opensAt ?? 'always', until: catalog.closesAt ?? 'never' };
    case 'managed':
      return { from: 'never', until: 'never' };
  }
}

/** The window as PostgreSQL writes it; infinities stand for the open ends. */
export function windowAsText(window: Window): { from: string; until: string } {
  return {
    from:
      window.from === 'always'
        ? '-infinity'
        : window.from === 'never'
          ? 'infinity'
          : window.from.toISOString(),
    until:
      window.until === 'always'
        ? '-infinity'
        : window.until === 'never'
          ? 'infinity'
          : window.until.toISOString(),
  };
}
