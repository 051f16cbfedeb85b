/** Text from the wire, checked just enough to be an Item. */
import { ApiError } from './errors.js';
import type { Item } from './types.js';

const types = new Set(['event', 'signal', 'ready', 'reset', 'bye', 'ok', 'error']);

/** The item in a line of JSON; nothing for a type that this version doesn't know. Throws ApiError for what isn't JSON. */
export function parseItem(text: string): Item[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw ApiError.local('not_encke', 'The feed brought something that is not JSON.', true);
  }
  return asItem(value);
}

export function asItem(value: unknown): Item[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type, cursor, stream, seq } = value as Record<string, unknown>;
  if (typeof type !== 'string' || !types.has(type)) return [];
  const whole = typeof cursor === 'string' && typeof stream === 'string' && typeof seq === 'number';
  if (type === 'event' && !whole) {
    throw ApiError.local('not_encke', 'The feed brought an event without cursor, stream or seq.', true);
  }
  return [value as Item];
}
