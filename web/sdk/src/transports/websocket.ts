/** Text frames, both ways. The server's pings are answered by the browser and unseen, so the client sends its own. */
import { asJson } from '../as-json.js';
import type { WebSocketLike } from '../environment.js';
import { ApiError } from '../errors.js';
import { parseItem } from '../item.js';
import type { Command } from '../types.js';
import { feedPath, type FeedRequest, type Receiver, type Transport, type Wire } from './transport.js';

/** Ids of pings; commands that wait for an answer count from 1 and never get this far. */
const ping_id = Number.MAX_SAFE_INTEGER;

export const websocket: Transport = {
  name: 'websocket',
  polls: false,
  supported: (environment) => environment.WebSocket !== null,
  heartbeats: () => true,
  headerless: () => true,
  open(request, receiver) {
    const make = request.environment.WebSocket;
    if (make === null) throw new Error('opened without a WebSocket');
    return openSocket(request, make(address(request)), receiver);
  },
};

function address(request: FeedRequest): string {
  const { http, environment } = request;
  const base =
    http.base === '' ? environment.origin : new URL(http.base, environment.origin || undefined).href;
  return base.replace(/^http/, 'ws').replace(/\/$/, '') + feedPath(request);
}

function openSocket(request: FeedRequest, socket: WebSocketLike, receiver: Receiver): Wire {
  const { clock } = request.environment;
  const send = (command: Command) => socket.send(asJson(command));
  let pings: unknown = null;
  // As often as the server promises a sign of life, so that the session's watch sees one.
  const pingEvery = (ms: number) => {
    clock.clearTimeout(pings);
    pings = clock.setTimeout(() => {
      send({ type: 'ping', id: ping_id });
      pingEvery(ms);
    }, ms);
  };
  const close = () => {
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
    clock.clearTimeout(pings);
    socket.close(1000);
  };
  // Nothing on `onerror`: it says nothing, and `onclose` always follows.
  socket.onclose = ({ code, reason }) => {
    receiver.ended(
      code === 1006
        ? null
        : ApiError.local('network', `The WebSocket closed with ${code} ${reason}`.trim(), true),
    );
  };
  socket.onmessage = ({ data }) => {
    receiver.alive();
    try {
      const items = parseItem(String(data)).filter((item) => item.type !== 'ok' || item.id !== ping_id);
      for (const item of items) if (item.type === 'ready') pingEvery(item.heartbeat_ms);
      if (items.length > 0) receiver.items(items);
    } catch (thrown) {
      receiver.ended(ApiError.from(thrown));
    }
  };
  return { close, send };
}
