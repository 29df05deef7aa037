import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority } from './kube-pki.ts';

const now = new Date('2026-11-20T18:00:00Z');

test('a certificate is the authority’s, for its user, its group and its names', () => {
  const authority = createAuthority(now);
  const pair = authority.issue({
    commonName: 'ann',
    organization: 'staff',
    names: ['127.0.0.1', 'localhost'],
  });
  const certificate = new X509Certificate(pair.certificate);
  const issuer = new X509Certificate(authority.certificate);
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  expect(certificate.checkIssued(issuer)).toBe(true);
  expect(issuer.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.subject).toBe('O=staff\nCN=ann');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.validFromDate < now && certificate.validToDate > now).toBe(true);
});

test('another authority’s certificate does not verify', () => {
  const stranger = new X509Certificate(createAuthority(now).certificate);
  const { certificate } = createAuthority(now).issue({ commonName: 'ann' });
  expect(new X509Certificate(certificate).verify(stranger.publicKey)).toBe(false);
});
