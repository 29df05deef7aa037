/** German compounds and what they are made of, so that `Flohmarkt` finds the `Nachtflohmarkt`. Pure. */

/** Words that names of events are made of, folded. */
const parts: ReadonlySet<string> = new Set(
  (
    'abend abende abschluss advent akademie alt antik arena auffuhrung ausstellung bahn ball ballett bau berg bier blas ' +
    'blues boden brass brot buch bucher bucherei buhne burg burgen chor designer dinner dom dorf drama eis eishockey ende ' +
    'erlebnis fabrik fahrrad fahrt familien fass feier fest festival feuer feuerwerk figuren film filme floh flucht fluss ' +
    'frauen frei freilicht freiluft fruhling fuhrung fussball gala garten gast geschichte geschichten gesprach gewerbe ' +
    'halle hand handwerk haus herbst himmel hockey hof jahr jazz jugend kabarett kammer kapelle kaspar kasperl kinder kino ' +
    'kirche klang klassik kleinkunst komodie konferenz kongress konzert konzerte kost kostbar kreis krimi kultur kunst ' +
    'kunstler kurs kurz lampion lang laterne laternen lauf lese lesen lesung licht lichter lieder liga literatur marathon ' +
    'marchen markt meile meister meisterschaft menu messe mitternacht mode museum musical musik nacht nachte neujahr oper ' +
    'operette orchester orgel oster park pferde philharmonie platten poesie pop probe puppe puppen quartett rad rathaus ' +
    'rennen revue ritter rock rucken rund saal sanger schallplatten schatten schauspiel schiff schloss schule schutzen ' +
    'seminar show silvester sinfonie ski sommer spiel sport stadt stand sternen strassen stuck stumm tag tage tanz theater ' +
    'tour trodel turnen turnier umzug variete verein vortrag wald wander wanderung weihnacht wein welt werk werker ' +
    'wettbewerb wettstreit winter wissenschaft woche wochen zauber zeit zelt zirkus'
  ).split(' '),
);

/** What German puts between two parts. */
const links = ['', 's', 'n', 'en', 'es', 'er', 'e'] as const;
const shortestCompound = 8;
const shortestPart = 3;
const maxParts = 6;

/**
 * The parts of a folded word and what neighbours of them make together: `nachtflohmarkt` is `nacht`, `floh`, `markt`,
 * `nachtfloh` and `flohmarkt`. Empty for a word that is not made of known parts altogether, such as any English one
 * that only ends like a German part.
 */
export function compoundParts(word: string): string[] {
  if (word.length < shortestCompound) return [];
  const bounds = split(word, 0, maxParts);
  if (bounds === null || bounds.length < 2) return [];
  const found = bounds.flatMap(({ from }, first) =>
    bounds.slice(first).map(({ to }, more) => ({
      text: word.slice(from, to),
      isAll: first === 0 && first + more === bounds.length - 1,
    })),
  );
  return [...new Set(found.filter(({ isAll }) => !isAll).map(({ text }) => text))];
}

type Part = { from: number; to: number };

/** Of all ways to take `word` apart from `from` on, the one with the longest first part; null when there is none. */
function split(word: string, from: number, left: number): Part[] | null {
  if (from === word.length) return [];
  if (left === 0) return null;
  for (let to = word.length; to >= from + shortestPart; to -= 1) {
    if (!parts.has(word.slice(from, to))) continue;
    for (const link of links) {
      if (!word.startsWith(link, to)) continue;
      const next = to + link.length;
      if (link !== '' && next === word.length) continue;
      const rest = split(word, next, left - 1);
      if (rest !== null) return [{ from, to }, ...rest];
    }
  }
  return null;
}
