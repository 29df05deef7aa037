import { describeBus } from '@evently/testkit/bus-contract';
import { createInProcessBus } from './bus.ts';
import { createLogger } from './log.ts';

describeBus('the bus inside a process', async () => async () => ({
  bus: createInProcessBus(createLogger('test', 'silent')),
  close: () => Promise.resolve(),
}));
