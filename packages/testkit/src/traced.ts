/** Traces of this process for a test: everything it asks to be recorded goes to a collector of its own. */
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { startTracing } from '@evently/kit/tracing-start';
import { tracingSettings } from '@evently/kit/tracing-settings';
import { Registry } from 'prom-client';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts';

export type Traced = { collector: OtlpReceiver; stop: () => Promise<void> };

export async function startTraced(settings: Readonly<Record<string, string>> = {}): Promise<Traced> {
  const collector = await startOtlpReceiver();
  const tracing = await startTracing({
    config: readSettings(tracingSettings, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '10',
      ...settings,
    }),
    part: 'test',
    version: '0.0.0',
    log: createLogger('test', 'silent'),
    registry: new Registry(),
  });
  return {
    collector,
    stop: async () => {
      await tracing.stop();
      await collector.close();
    },
  };
}
