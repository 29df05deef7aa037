/** The style of the report's page, inside it; its digest is what the page's own policy allows. */
import { createHash } from 'node:crypto';

export const style = `
:root{--ink:#17151f;--soft:#5c5870;--paper:#fbfaff;--card:#fff;--line:#e3e0ee;--good:#12805c;--bad:#b3261e;
--taken:#5b3df5;--sold:#12805c;--refused:#cfcae6;--refused2:#e0b48a;--refused3:#a9b8d6;--refused4:#d9a5b3;--ended:#c2620a;--unanswered:#b3261e;--arrived:#17151f;
font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;line-height:1.5;color:var(--ink);background:var(--paper)}
@media (prefers-color-scheme:dark){:root{--ink:#f0eef8;--soft:#aca7c0;--paper:#121019;--card:#1b1826;--line:#322d44;--good:#4cc79a;--bad:#ff8a80;
--taken:#8b74ff;--sold:#4cc79a;--refused:#4a4266;--refused2:#7a5a38;--refused3:#3f5273;--refused4:#70404e;--ended:#f0a64a;--unanswered:#ff8a80;--arrived:#f0eef8}}
*{box-sizing:border-box}
body{margin:0}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.875rem;line-height:1.2;letter-spacing:-.01em;margin:0}
h2{font-size:1.1875rem;margin:0 0 .25rem}
p{margin:.25rem 0 .75rem}
.soft,.about{color:var(--soft)}
.about{font-size:.875rem;max-width:46rem}
.verdict{font-weight:600}
.good{color:var(--good)}
.bad{color:var(--bad)}
section{margin:1.25rem 0 0;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.875rem;background:none;border:0;padding:0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:.875rem 1.125rem;min-width:0}
.tile span{display:block;color:var(--soft);font-size:.875rem}
.tile strong{display:block;font-size:2rem;line-height:1.2;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.125rem 1rem;margin:0 0 .625rem;padding:0;font-size:.875rem;color:var(--soft)}
.legend b{color:var(--ink);font-variant-numeric:tabular-nums}
.legend svg{width:.75rem;height:.75rem;margin-right:.375rem}
.plot{display:grid;grid-template-columns:3.75rem minmax(0,1fr);grid-template-rows:13rem auto;column-gap:.5rem;margin:.5rem 0 1.25rem}
.plot svg{width:100%;height:100%;overflow:visible;grid-column:2;grid-row:1}
.plot .y,.plot .x{display:flex;justify-content:space-between;color:var(--soft);font-size:.75rem;font-variant-numeric:tabular-nums}
.plot .y{flex-direction:column;text-align:right;grid-column:1;grid-row:1;margin:-.5rem 0}
.plot .x{grid-column:2;grid-row:2;padding-top:.375rem}
.grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
.line{stroke:var(--arrived);stroke-width:1.5;fill:none;vector-effect:non-scaling-stroke}
.taken{fill:var(--taken)}.sold{fill:var(--sold)}.refused{fill:var(--refused)}.refused2{fill:var(--refused2)}.refused3{fill:var(--refused3)}
.refused4{fill:var(--refused4)}.ended{fill:var(--ended)}.unanswered{fill:var(--unanswered)}.arrived{fill:var(--arrived)}.outside{fill:var(--refused)}.handler{fill:var(--taken)}
.point{fill:none;stroke-width:3.5;stroke-linecap:round;vector-effect:non-scaling-stroke;stroke-opacity:.55}
.point.taken{stroke:var(--taken)}.point.sold{stroke:var(--sold)}.point.refused{stroke:var(--soft)}.point.refused2{stroke:var(--refused2)}
.point.refused3{stroke:var(--refused3)}.point.refused4{stroke:var(--refused4)}.point.ended{stroke:var(--ended)}.point.unanswered{stroke:var(--unanswered)}
.parts{display:block;width:100%;height:1.5rem;border-radius:8px;margin:.5rem 0}
.big{font-size:1.75rem;font-weight:700;letter-spacing:-.02em;margin:.25rem 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.375rem .75rem .375rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}
tr.gap td{color:var(--soft);border:0}
details summary{cursor:pointer;font-weight:600;padding:.25rem 0}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em;overflow-wrap:anywhere}
a{color:var(--taken)}
@media (max-width:40rem){main{padding-top:1.5rem}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.tile strong{font-size:1.625rem}
section{padding:1rem}.tiles{padding:0}.plot{grid-template-columns:3rem minmax(0,1fr);grid-template-rows:10rem auto}h1{font-size:1.5rem}table{font-size:.875rem}
.times tr{display:grid;grid-template-columns:repeat(4,1fr)}.times th:first-child{display:none}.times td:first-child{grid-column:1/-1;border:0}.times td.n,.times th.n{text-align:left}}
@media print{section,.tile{break-inside:avoid}}
`;

/** Content-Security-Policy of the file wherever it is opened: it loads and runs nothing. */
export const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`;
