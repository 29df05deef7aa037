/** Parts of German compounds that events are called by, so that `musik` finds the `Straßenmusikfestival`. Folded. */
export const germanParts = (
  'abend advent akademie arena aufführung ausstellung bahn ball ballett bau berg bier blas blues boden brass buch bühne burg chor dom ' +
  'drama eis erlebnis fabrik familien feier fest festival feuer feuerwerk film floh fluss frauen freiluft frühling führung ' +
  'fussball garten gespräch gewerbe halle handwerk haus herbst hof jahr jazz jugend kabarett kammer kapelle kinder kino kirche klang ' +
  'klassik kleinkunst komödie konferenz kongress konzert kultur kunst kurs laternen lauf lese lesung licht lichter lieder liga markt ' +
  'marathon märchen meister meisterschaft mess messe mitternacht mode museum musical musik nacht neujahr oper operette orgel orchester ' +
  'oster park philharmonie poesie pop puppen quartett rad rathaus revue rock rücken saal sänger schauspiel schiff schloss schule schützen ' +
  'seminar show silvester sinfonie sommer sport stadt strassen stück tag tage tanz theater trödel turnier turnen umzug ' +
  'varieté verein vortrag wald wein weihnacht weihnachts welt wettbewerb wettstreit winter wissenschaft woche zauber zelt zirkus zeit'
).split(' ');
