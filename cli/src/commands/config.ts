/** `evently config`: every setting with its unit, default and present value. */
import { Command } from 'commander';
import { describeSettings, type SettingDescription, type Settings } from '@evently/kit/config';
import { platformSettings } from '@evently/kit/platform';
import { z } from 'zod';
import { renderTable, tint } from '../screen/table.ts';
import { parseOptions } from './platform-options.ts';

type SettingGroup = { part: string; settings: SettingDescription[] };

const widths = [58, 26, 26, 14];
const optionsSchema = z.object({ json: z.boolean().optional() });

const examples = `
The present value is what a standalone platform started from this shell uses: the environment's, else what
standalone sets for one machine, else the default. "make start" sets EVENTLY_LOAD_TEST to 1 besides, where it
is not set. Secrets are never shown; standalone makes its own.

Examples:
  npx evently config
  BOOKING_HOLD_SECONDS=600 npx evently config --json`;

export function configCommand(): Command {
  return new Command('config')
    .description('all settings with unit, default and present value')
    .option('--json', 'print JSON instead of the table')
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const groups = await describeAll(process.env);
      if (options.json === true) {
        const flat = groups.flatMap(({ part, settings }) => settings.map((one) => ({ part, ...one })));
        console.log(JSON.stringify(flat, null, 2));
        return;
      }
      for (const { part, settings } of groups)
        console.log(`\n${tint('strong', part)}\n${renderSettings(settings)}`);
    });
}

function renderSettings(settings: readonly SettingDescription[]): string {
  const rows = settings.map(({ name, value, fallback, unit, about }) => [
    `${name}\n${tint('quiet', about)}`,
    value === fallback ? breakable(value) : tint('good', breakable(value)),
    breakable(fallback),
    unit,
  ]);
  return renderTable(['Setting', 'Now', 'Default', 'Unit'], rows, { widths, airy: true });
}

/** Lists break into lines at their commas. */
function breakable(text: string): string {
  return text.replaceAll(',', ', ');
}

// Loaded when asked for, so that the other commands start without the services.
async function describeAll(env: Readonly<Record<string, string | undefined>>): Promise<SettingGroup[]> {
  const [user, event, search, booking, payment, standalone] = await Promise.all([
    import('@evently/user/config'),
    import('@evently/event/config'),
    import('@evently/search/config'),
    import('@evently/booking/config'),
    import('@evently/payment/config'),
    import('@evently/standalone/config'),
  ]);
  const present = standalone.serviceEnvironment(env, {});
  const group = (part: string, settings: Settings): SettingGroup => ({
    part,
    settings: describeSettings(settings, present),
  });
  return [
    group('Every service', platformSettings),
    group('User', user.userSettings),
    group('Event', event.eventSettings),
    group('Search', search.searchSettings),
    group('Booking', booking.bookingSettings),
    group('Payment', payment.paymentSettings),
    group('Standalone', standalone.standaloneSettings),
  ];
}
