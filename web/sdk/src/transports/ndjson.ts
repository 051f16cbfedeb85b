/** One JSON item a line, over a streamed fetch. An empty line is a heartbeat. */
import { parseItem } from '../item.js';
import { Lines } from '../lines.js';
import { openStream } from './stream.js';
import { feedPath, type Transport } from './transport.js';

export const ndjson: Transport = {
  name: 'ndjson',
  polls: false,
  supported: (environment) => environment.streams,
  heartbeats: () => true,
  headerless: () => false,
  open(request, receiver) {
    const lines = new Lines();
    const parse = (piece: string) =>
      lines.push(piece).flatMap((line) => (line === '' ? [] : parseItem(line)));
    return openStream(
      request,
      feedPath(request, { live: 'ndjson' }),
      'application/x-ndjson',
      parse,
      receiver,
    );
  },
};
