import { expect, test } from 'vitest';
import { ConfigError, readSettings } from './config.ts';
import { tracingSettings } from './tracing-settings.ts';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(tracingSettings, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('traces are off unless a collector is named', () => {
  expect(readSettings(tracingSettings, {})).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_TRACES_SAMPLER_ARG: 1,
  });
});

test('the standard variables are read as OpenTelemetry writes them', () => {
  expect(
    readSettings(tracingSettings, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%3Db, x-team = tickets ,',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '.01',
    }),
  ).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318',
    OTEL_EXPORTER_OTLP_HEADERS: { 'api-key': 'a=b', 'x-team': 'tickets' },
    OTEL_TRACES_SAMPLER_ARG: 0.01,
  });
});

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'http://collector:4318'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a-secret-without-a-name', 'name=value'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'key=%zz', 'percent-encoded'],
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'traceidratio'],
  ['OTEL_TRACES_SAMPLER_ARG', '2', 'from 0 to 1'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '1', 'from 512 to 100000'],
])('%s of "%s" is refused with what it must be', (name, value, says) => {
  const [fault, ...others] = faultsOf({ [name]: value });
  expect(fault).toContain(name);
  expect(fault).toContain(says);
  expect(others).toEqual([]);
  if (name.endsWith('HEADERS')) expect(fault).not.toContain(value);
});
