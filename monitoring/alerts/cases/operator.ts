/** Cases of the alerts of the operator. */
import { never, type Case } from './case.ts';

const sale = 'job="operator",instance="a",namespace="evently",sale="the-evening"';
const target = 'job="operator",instance="a",namespace="evently",target="booking"';
const timeToOpen = `evently_sale_time_to_open_seconds{${sale}}`;
const armed = `evently_sale_armed_info{${sale}}`;
const lateness = `evently_sale_open_lateness_seconds{${sale}}`;
const shortfall = `evently_operator_shortfall_pods{${target}}`;
const conflicts = `evently_floor_conflicts_total{${target}}`;

function leads(instance: string, job = 'operator'): string {
  return `leader_election_master_status{job="${job}",instance="${instance}",name="evently-operator"}`;
}
function age(instance: string): string {
  return `evently_operator_informer_age_seconds{job="operator",instance="${instance}",resource="pods"}`;
}

const saleCases: readonly Case[] = [
  {
    alert: 'EventlySaleNotArmed',
    says: 'nine minutes before the opening',
    series: { [timeToOpen]: '660-15x60', [armed]: '0x60' },
    at: '2m',
    fires: [{ labels: { namespace: 'evently', sale: 'the-evening' }, value: '9m 0s' }],
  },
  {
    alert: 'EventlySaleNotArmed',
    says: 'it is armed, and waits for its lead time',
    series: { [timeToOpen]: '300-15x10', [armed]: '1x60' },
    at: '2m',
    fires: never,
  },
  {
    alert: 'EventlySaleNotArmed',
    says: 'there are still twenty minutes',
    series: { [timeToOpen]: '1200-15x20', [armed]: '0x60' },
    at: '2m',
    fires: never,
  },
  {
    alert: 'EventlySaleNotArmed',
    says: 'its time has passed, which others speak of',
    series: { [timeToOpen]: '-15-15x20', [armed]: '0x60' },
    at: '2m',
    fires: never,
  },
  {
    alert: 'EventlyManagedSaleOpenedLate',
    says: 'a sale that was armed four seconds after its time',
    series: { [timeToOpen]: '15-15x20', [lateness]: '_ _ 4x20' },
    at: '1m',
    fires: [{ labels: { namespace: 'evently', sale: 'the-evening' }, value: '4s' }],
  },
  {
    alert: 'EventlyManagedSaleOpenedLate',
    says: 'a sale that opened in time',
    series: { [timeToOpen]: '15-15x20', [lateness]: '_ _ 0x20' },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlyManagedSaleOpenedLate',
    says: 'one that opened late an hour ago',
    series: { [timeToOpen]: '-3600-15x20', [lateness]: '4x20' },
    at: '1m',
    fires: never,
  },
];

const capacityCases: readonly Case[] = [
  {
    alert: 'EventlyCapacityShortfall',
    says: 'three pods are missing ten minutes before the opening',
    series: { [timeToOpen]: '720-15x60', [shortfall]: '3x60' },
    at: '2m',
    fires: [{ labels: { namespace: 'evently', target: 'booking' }, value: '3' }],
  },
  {
    alert: 'EventlyCapacityShortfall',
    says: 'the pods are there',
    series: { [timeToOpen]: '720-15x60', [shortfall]: '0x60' },
    at: '2m',
    fires: never,
  },
  {
    alert: 'EventlyCapacityShortfall',
    says: 'the floor has just been raised',
    series: { [timeToOpen]: '720-15x60', [shortfall]: '3x60' },
    at: '30s',
    fires: never,
  },
  {
    alert: 'EventlyCapacityShortfall',
    says: 'pods start two hours ahead',
    series: { [timeToOpen]: '7200-15x60', [shortfall]: '3x60' },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyCapacityShortfall',
    says: 'a pod is replaced when the rush is long over',
    series: { [timeToOpen]: '-1200-15x60', [shortfall]: '1x60' },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyFloorContested',
    says: 'the floor was changed three times in as many scrapes',
    series: { [conflicts]: '0 1 2 3x60' },
    at: '5m',
    fires: [{ labels: { namespace: 'evently', target: 'booking' }, value: '3' }],
  },
  {
    alert: 'EventlyFloorContested',
    says: 'somebody changed it once by hand',
    series: { [conflicts]: '0 1x60' },
    at: '5m',
    fires: never,
  },
];

const processCases: readonly Case[] = [
  {
    alert: 'EventlyOperatorNoLeader',
    says: 'one lost the lease and nobody took it',
    series: { [leads('a')]: '1 1 0x20', [leads('b')]: '0x20' },
    at: '2m',
    fires: [{ labels: { name: 'evently-operator' } }],
  },
  {
    alert: 'EventlyOperatorNoLeader',
    says: 'every replica is gone',
    series: { [leads('a')]: '1 1 stale', [leads('b')]: '0 0 stale' },
    at: '2m',
    fires: [{ labels: { name: 'evently-operator' } }],
  },
  {
    alert: 'EventlyOperatorNoLeader',
    says: 'the other one takes the lease',
    series: { [leads('a')]: '1 1 stale', [leads('b')]: '0 0 0 1x20' },
    at: '30s',
    fires: never,
  },
  {
    alert: 'EventlyOperatorNoLeader',
    says: 'it is some other program that has no leader',
    series: { [leads('a')]: '1x20', [leads('x', 'another')]: '0x20' },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'half an hour before a sale',
    series: { [age('a')]: '0+15x20', [timeToOpen]: '1800-15x20' },
    at: '3m',
    fires: [{ labels: { job: 'operator', instance: 'a', resource: 'pods' }, value: '3m 0s' }],
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'the API server speaks each minute',
    series: { [age('a')]: '0 15 30 45 60 0 15 30 45 60 0 15 30 45 60', [timeToOpen]: '1800-15x20' },
    at: '3m30s',
    fires: never,
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'the watch is opened again after 90 s, and speaks',
    series: { [age('a')]: '0+15x7 0x20', [timeToOpen]: '1800-15x20' },
    at: '1m45s',
    fires: never,
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'no sale opens within the hour',
    series: { [age('a')]: '0+15x20', [timeToOpen]: '7200-15x20' },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'all sales have opened',
    series: { [age('a')]: '0+15x20', [timeToOpen]: '-15-15x20' },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyInformerSilent',
    says: 'it is the cache of a replica that stands by',
    series: { [age('a')]: '15x20', [age('b')]: '0+15x20', [timeToOpen]: '1800-15x20' },
    at: '4m',
    fires: never,
  },
];

export const operatorCases: readonly Case[] = [...saleCases, ...capacityCases, ...processCases];
