/** A process of its own with the stock informer and a handler that throws; its first argument is the server's address. */
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { path } from './fake-api-server.ts';

const server = process.argv[2] ?? '';
const config = new KubeConfig();
config.loadFromClusterAndUser(
  { name: 'fake', server, skipTLSVerify: true },
  { name: 'fake', token: 'first' },
);
const core = config.makeApiClient(CoreV1Api);
const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace: 'shop' }));
informer.on('error', () => {});
informer.on('add', () => {
  throw new Error('a defect in a handler');
});
await informer.start();
