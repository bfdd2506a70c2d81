/** Throws a `TypeError` unless `value` is a `Uint8Array`, of whatever realm: a Node `Buffer` is one too. */
export function checkBytes(name: string, value: unknown): asserts value is Uint8Array {
  if (Object.prototype.toString.call(value) !== '[object Uint8Array]')
    throw new TypeError(`${name} must be a Uint8Array`);
}

/** Throws a `TypeError` unless `value` is a string. */
export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
}

/** Throws a `TypeError` unless `value` is an object. */
export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object`);
}

/** Throws a `TypeError` unless `value` is a number, a `RangeError` unless it is whole and within 0 to `max`. */
export function checkInteger(name: string, value: unknown, max: number): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${name} must be a whole number from 0 to ${max}`);
  }
}
