// Posts to a channel: ENCKE_TOKEN=… node publish.mjs news 'v1.2 is live'
// In a web application: import { publish } from './publish.mjs'.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const server = process.env.ENCKE_URL ?? 'http://127.0.0.1:8080';
const triesMax = 5;

/**
 * Appends `data`, any JSON, to the channel. All attempts have the same key, so that what was stored although the answer got
 * lost is not stored twice.
 */
export async function publish(channel, data, key = randomUUID()) {
  for (let tries = 1; ; tries += 1) {
    let refusal;
    try {
      const response = await fetch(`${server}/v1/channels/${encodeURIComponent(channel)}/events`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${process.env.ENCKE_TOKEN}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': key,
        },
        body: JSON.stringify(data),
        signal: AbortSignal.timeout(10_000),
      });
      const answer = await response.json();
      if (response.ok) return answer;
      refusal = answer;
    } catch (error) {
      refusal = { message: error.message, retry: true };
    }
    // A refusal says in `retry` whether it is of use to try again.
    if (!refusal.retry || tries === triesMax) throw new Error(refusal.message);
    await pause(refusal.retry_after_ms ?? 500 * tries);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [channel, text] = process.argv.slice(2);
  if (channel === undefined || text === undefined) throw new Error('usage: node publish.mjs CHANNEL TEXT');
  const { seq } = await publish(channel, { text, by: 'Node' });
  console.log(`Stored as number ${seq} of ${channel}.`);
}
