/**
 * The forever frame. From the same origin it calls a function of this page; from another one it posts messages, of
 * which only those of the server's origin and of this very frame count. Its heartbeats are items of the type `beat`: no
 * browser tells a page that the connection of a frame was reset, so they come often.
 */
import { ApiError } from '../errors.js';
import { asItem } from '../item.js';
import { feedPath, type Transport } from './transport.js';

export const iframe: Transport = {
  name: 'iframe',
  polls: false,
  supported: (environment) => environment.document !== null,
  heartbeats: () => true,
  headerless: () => true,
  open(request, receiver) {
    const { http, environment } = request;
    const page = environment.document;
    if (page === null) throw new Error('opened without a document');
    const name = `encke_${Math.floor(environment.random() * 2 ** 48).toString(36)}`;
    const way: Record<string, string> = http.sameOrigin ? { callback: name } : { parent: environment.origin };
    const frame = page.openFrame(http.url(feedPath(request, { live: 'iframe', ...way })), () =>
      receiver.ended(null),
    );

    const take = (value: unknown) => {
      try {
        // Through JSON: the frame's objects are of another realm, and gone with the frame.
        const items = asItem(JSON.parse(typeof value === 'string' ? value : JSON.stringify(value)));
        receiver.alive();
        receiver.items(items);
      } catch (thrown) {
        receiver.ended(ApiError.from(thrown));
      }
    };
    const undo = http.sameOrigin
      ? page.expose(name, take)
      : page.onMessage(({ origin, source, data }) => {
          if (origin === http.origin && source !== null && source === frame.source) take(data);
        });
    return {
      close: () => {
        undo();
        frame.remove();
      },
    };
  },
};
