/** JSON as the standard has it, also on a page where an old library has given every array a `toJSON` of its own. */
export function asJson(value: unknown): string {
  return JSON.stringify(value, ownArrays);
}

function ownArrays(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const own = this[name];
  return Array.isArray(own) ? own : value;
}
