/** Opens the TLS connections of a client of Redis, and hears every fault of each, not the first one only. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

// What an orderly end may take before the socket is destroyed; the client's own figure.
const disconnectMs = 2_000;

/**
 * The client's own connector listens for one error of a socket. A socket of TLS can tell two: that the certificate
 * is refused here, and the alert that a server sends to who leaves in the middle of a handshake. The second would
 * be nobody's, and ends the process.
 */
export function tlsConnector(
  address: string,
  tls: ConnectionOptions,
): NonNullable<RedisOptions['Connector']> {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return class extends AbstractConnector {
    constructor() {
      super(disconnectMs);
    }
    override connect(): Promise<TLSSocket> {
      this.connecting = true;
      const socket = connect({ host, port: Number(port === '' ? '6379' : port), ...tls });
      socket.on('error', (error) => {
        this.firstError = error;
      });
      this.stream = socket;
      return Promise.resolve(socket);
    }
  };
}
