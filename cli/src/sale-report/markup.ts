/** Text for the report's page: escaped, and numbers as people read them. */
import { formatCount, formatMs } from '../screen/table.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character);
}

/** A share from 0 to 1: "0 %", "0.012 %", "4.2 %", "100 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent >= 10) return `${Math.round(percent * 10) / 10} %`;
  return `${Number(percent.toPrecision(2))} %`;
}

/** A length of time after the start: "0", "300 ms", "1.5 s", "2 min", "3 h", "2 days". */
export function formatSpan(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  if (ms < 172_800_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Number((ms / 86_400_000).toFixed(1))} days`;
}

export const words = (code: string): string => code.replaceAll(/[-_]/g, ' ');
export { formatCount, formatMs };
