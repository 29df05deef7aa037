/** The page of all settings, made from where each is declared. */
import { standaloneSettings } from '@evently/standalone/config';
import { bookingPod } from '@evently/booking/pod';
import { eventPod } from '@evently/event/pod';
import { describeSettings, type Settings } from '@evently/kit/config';
import { platformSettings } from '@evently/kit/platform';
import { operatorSettings } from '@evently/operator/config';
import { paymentPod } from '@evently/payment/pod';
import { peersOf, type PodPlan } from '@evently/pod/plan';
import { addressSettings, podSettings, replicaSetting } from '@evently/pod/settings';
import { searchPod } from '@evently/search/pod';
import { userPod } from '@evently/user/pod';

export const pagePath = 'docs/reference/settings.md';

const opening = `# Settings

Every setting is a variable of the environment, read once at the start; all faults are told together, and a secret is never
shown. A pod lists its own with \`main.ts config\`, the standalone platform with \`npx evently config\`. This page is made by
\`make settings\` from where the settings are declared; a test keeps it current.

A default of _required_ means that there is none; the standalone platform makes its own secrets and knows its own addresses.
`;

type Section = { title: string; about: string; settings: Settings };

/** The whole page as Markdown, the same for the same declarations. */
export function writeSettingsPage(): string {
  return `${[opening, ...sections().map(showSection)].join('\n').trimEnd()}\n`;
}

function sections(): Section[] {
  return [
    {
      title: 'Every service',
      about: 'The same in all processes of one platform, or tokens and calls of one are refused by another.',
      settings: platformSettings,
    },
    {
      title: 'Every pod',
      about:
        'Read by a service that runs as a pod of its own; standalone needs none of them but the port of the metrics.',
      settings: podSettings,
    },
    podSection('User', userPod),
    podSection('Event', eventPod),
    podSection('Search', searchPod),
    podSection('Booking', bookingPod),
    podSection('Payment', paymentPod),
    { title: 'Operator', about: 'Read by the operator alone.', settings: operatorSettings },
    {
      title: 'Standalone',
      about: 'Read by the platform in one process.',
      settings: standaloneSettings,
    },
  ];
}

/** The addresses and the replica are a pod's alone: in one process nothing has to be found. */
function podSection<C>(title: string, plan: PodPlan<C>): Section {
  const settings = { ...plan.settings, ...replicaSetting(plan.name), ...addressSettings(peersOf(plan)) };
  return { title, about: `Of the ${plan.name} service; addresses and the replica only as a pod.`, settings };
}

function showSection({ title, about, settings }: Section): string {
  const rows = describeSettings(settings, {}).map(({ name, fallback, unit, about: says }) => {
    const isSecret = settings[name]?.secret === true;
    const hasDefault = settings[name]?.fallback !== undefined;
    const shown = hasDefault ? (fallback === '' ? 'empty' : `\`${fallback}\``) : '_required_';
    return `| \`${name}\` | ${shown} | ${unit} | ${inCell(says)}${isSecret ? ' (secret)' : ''} |`;
  });
  return `## ${title}\n\n${about}\n\n| setting | default | unit | what it is for |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
