/** Ids of the units that Grafana knows and that a dashboard of ours may use. */

// From packages/grafana-data/src/valueFormats/categories.ts of Grafana: counts, shares, times, data, rates, instants, truth.
const units = new Set(
  `none string short percent percentunit sci locale
   bytes decbytes bits kbytes mbytes gbytes binBps Bps
   ns µs ms s m h d dtdurationms dtdurations dthms dtdhms clockms clocks
   dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsLocal dateTimeAsSystem dateTimeFromNow
   cps ops reqps rps wps iops cpm opm rpm wpm hertz
   bool bool_yes_no bool_on_off`.split(/\s+/),
);

export function isUnit(unit: string): boolean {
  return units.has(unit);
}
