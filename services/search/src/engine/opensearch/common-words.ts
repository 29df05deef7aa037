/** Words that stand in most names and texts and say nothing about an event: English, German, Hindi. Folded. */
export const commonWords: ReadonlySet<string> = new Set(
  (
    'a an and are as at be by for from in is it of on or the to with near this that my me event events show tickets ticket ' +
    'am an auf aus bei das dem den der des die ein eine einem einen einer fur im in mit nach oder und vom von zu zum zur ' +
    'का की के को में से है और पर एक'
  ).split(' '),
);
