/** Settings of traces: the standard environment variables of OpenTelemetry that this platform understands. */
import { z } from 'zod';
import { integer, setting, type SettingValues } from './config.ts';

/** As OpenTelemetry names them. */
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const endpoint = z
  .string()
  .refine(
    (text) => text === '' || (/^https?:\/\//.test(text) && URL.canParse(text)),
    'must be an http or https address such as http://collector:4318',
  )
  .transform((text) => text.replace(/\/+$/, ''));

const maxPairs = 32;

/** `name=value` pairs, comma-separated, values percent-encoded (W3C Baggage, as OpenTelemetry has it). */
function pairs(): z.ZodType<Record<string, string>, string> {
  return z.string().transform((text, context) => {
    const entries = text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, Math.max(0, at)).trim(), decoded(pair.slice(at + 1).trim())] as const;
      });
    if (entries.length > maxPairs || entries.some(([name, value]) => name === '' || value === null)) {
      context.addIssue(
        `must list at most ${maxPairs} pairs such as name=value, comma-separated and percent-encoded`,
      );
      return z.NEVER;
    }
    return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
  });
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const share = z
  .string()
  .regex(/^(0|1|0?\.\d{1,9}|1\.0{1,9})$/, 'must be a share from 0 to 1, such as 0.01')
  .transform(Number);

export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(endpoint, {
    fallback: '',
    about:
      'Collector that takes traces by OTLP over HTTP, such as http://collector:4318; empty makes no traces',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: setting(pairs(), {
    fallback: '',
    secret: true,
    about: 'Headers that the collector asks for: name=value, comma-separated, values percent-encoded',
  }),
  OTEL_EXPORTER_OTLP_CERTIFICATE: setting(z.string().max(4_096), {
    fallback: '',
    about: 'PEM file of the authorities that may vouch for the collector; empty is the system list',
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: setting(integer(100, 60_000), {
    fallback: '10000',
    unit: 'ms',
    about: 'How long one transfer to the collector may take, with its repetitions',
  }),
  OTEL_SERVICE_NAME: setting(z.string().max(255), {
    fallback: '',
    about: 'Name of the process in traces; empty is evently- and its part, such as evently-booking',
  }),
  OTEL_RESOURCE_ATTRIBUTES: setting(pairs(), {
    fallback: '',
    about: 'Further attributes of the process in traces: name=value, comma-separated',
  }),
  OTEL_TRACES_SAMPLER: setting(z.enum(samplers), {
    fallback: 'parentbased_always_on',
    about: 'Which traces are recorded; parentbased_ follows what the caller has decided',
  }),
  OTEL_TRACES_SAMPLER_ARG: setting(share, {
    fallback: '1',
    about: 'Share of the traces that the samplers of traceidratio record, from 0 to 1',
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: setting(integer(512, 100_000), {
    fallback: '8192',
    unit: 'spans',
    about: 'Spans that wait for the collector at most; more are dropped and counted',
  }),
  OTEL_BSP_SCHEDULE_DELAY: setting(integer(10, 60_000), {
    fallback: '5000',
    unit: 'ms',
    about: 'How long spans wait at most before they are sent',
  }),
};
export type TracingConfig = SettingValues<typeof tracingSettings>;
