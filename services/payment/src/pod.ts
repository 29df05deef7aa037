/** Payment's pod: what it reads, opens and calls. */
import type { PodPlan } from '@evently/pod/plan';
import { paymentSettings, readPaymentConfig, type PaymentConfig } from './config.ts';
import { paymentMigrations } from './migrations.ts';
import { createPaymentService } from './service.ts';

export const paymentPod: PodPlan<PaymentConfig> = {
  name: 'payment',
  settings: paymentSettings,
  read: readPaymentConfig,
  migrations: [paymentMigrations],
  port: (config) => config.PAYMENT_PORT,
  connections: (config) => config.PAYMENT_POOL_SIZE,
  calls: [],
  create: (deps) => createPaymentService(deps),
};
