/** The little of SVG that the plots need: escaped text, lines and bars, colours for light and dark pages. */

export const page = { width: 880, height: 460 };
export const frame = { left: 84, right: 32, top: 118, bottom: 68 };

/** Seven colours that people with any colour vision tell apart (Okabe and Ito). */
export const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];

const style = `
  svg { background: #ffffff; font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
  text { fill: #3d4451; font-size: 13px; }
  .title { fill: #111827; font-size: 20px; font-weight: 650; }
  .subtitle { fill: #6b7280; font-size: 13px; }
  .grid { stroke: #e5e7eb; stroke-width: 1; }
  .axis { stroke: #9ca3af; stroke-width: 1; }
  .whisker { stroke: #111827; stroke-width: 1.2; }
  .strong { fill: #111827; font-weight: 650; }
  .ideal { stroke: #9ca3af; stroke-width: 1.5; stroke-dasharray: 5 5; fill: none; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0f141b; }
    text { fill: #b6bfcc; }
    .title, .strong { fill: #f3f4f6; }
    .subtitle { fill: #8b95a5; }
    .grid { stroke: #252c36; }
    .axis { stroke: #5b6472; }
    .whisker { stroke: #f3f4f6; }
  }`;

/** A whole image with its title; `height` may be larger than usual. */
export function svgPage(
  title: string,
  subtitle: string,
  parts: readonly string[],
  height = page.height,
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${page.width} ${height}" role="img" aria-label="${escapeText(title)}">`,
    `<style>${style}\n</style>`,
    text(frame.left - 56, 38, title, { kind: 'title' }),
    text(frame.left - 56, 60, subtitle, { kind: 'subtitle' }),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

type TextOptions = { kind?: string; anchor?: 'start' | 'middle' | 'end'; colour?: string };

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { kind, anchor, colour } = options;
  const attributes = [
    kind === undefined ? '' : ` class="${kind}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
    colour === undefined ? '' : ` style="fill:${colour};font-weight:600"`,
  ].join('');
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escapeText(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${kind}"/>`;
}

/** One decimal is finer than any screen shows. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function escapeText(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** 25000 -> "25k", 0.5 -> "0.5": short enough for an axis. */
export function shortNumber(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toFixed(2))}M`;
  if (value >= 1_000) return `${Number((value / 1_000).toFixed(2))}k`;
  return String(Number(value.toPrecision(3)));
}
