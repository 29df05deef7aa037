/** `evently config`: every setting with its unit, default and present value. */
import { Command } from 'commander';
import { describeSettings, type Settings } from '@evently/kit/config';
import { platformSettings } from '@evently/kit/platform';
import { z } from 'zod';
import { renderTable, tint } from '../screen/table.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({ json: z.boolean().optional() });

const examples = `
The present value is what a process started from this shell would use: the environment's, else the default.
Secrets are never shown.

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
      const groups = (await allSettings()).map(([part, settings]) => ({
        part,
        settings: describeSettings(settings, process.env),
      }));
      if (options.json === true) {
        console.log(
          JSON.stringify(
            groups.flatMap(({ part, settings }) => settings.map((one) => ({ part, ...one }))),
            null,
            2,
          ),
        );
        return;
      }
      for (const { part, settings } of groups) {
        console.log(`\n${tint('strong', part)}`);
        const rows = settings.map(({ name, value, fallback, unit, about }) => [
          name,
          value === fallback ? value : tint('good', value),
          fallback,
          unit,
          about,
        ]);
        console.log(
          renderTable(['Setting', 'Now', 'Default', 'Unit', 'What it does'], rows, {
            widths: [40, 22, 22, 16, 52],
          }),
        );
      }
    });
}

// Loaded when asked for, so that the other commands start without the services.
async function allSettings(): Promise<readonly (readonly [string, Settings])[]> {
  const [user, event, booking, payment, standalone] = await Promise.all([
    import('@evently/user/config'),
    import('@evently/event/config'),
    import('@evently/booking/config'),
    import('@evently/payment/config'),
    import('@evently/standalone/config'),
  ]);
  return [
    ['Every service', platformSettings],
    ['User', user.userSettings],
    ['Event', event.eventSettings],
    ['Booking', booking.bookingSettings],
    ['Payment', payment.paymentSettings],
    ['Standalone', standalone.standaloneSettings],
  ];
}
