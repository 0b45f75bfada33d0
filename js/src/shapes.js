/** Shapes that several CBOR items share (`spec/bundlefmt.cddl`). Each function answers, none refuses. */
import { compare, utf8 } from './bytes.js';
import { LIMITS } from './limits.js';

/** @typedef {import('./cbor.js').Item} Item */
/** @typedef {{ lowest?: number[], tooHigh?: number[], platforms?: string[] }} Requires */

/**
 * @param {unknown} value
 * @param {number} [min]
 * @param {number} [max]
 * @returns {value is number}
 */
export const isUint = (value, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  typeof value === 'number' && value >= min && value <= max;

/**
 * @param {unknown} value
 * @param {number} min
 * @param {number} [max]
 * @returns {value is Uint8Array}
 */
export const isBytes = (value, min, max = min) =>
  value instanceof Uint8Array && value.length >= min && value.length <= max;

/**
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
export const isDigest = (value) => isBytes(value, 32);

/**
 * A text whose UTF-8 has `min` to `max` bytes.
 *
 * @param {unknown} value
 * @param {number} min
 * @param {number} max
 * @returns {value is string}
 */
export function isText(value, min, max) {
  if (typeof value !== 'string' || value.length > max) return false;
  const length = utf8(value).length;
  return length >= min && length <= max;
}

/**
 * An array of `min` to `max` items.
 *
 * @param {unknown} value
 * @param {number} min
 * @param {number} [max]
 * @returns {value is Item[]}
 */
export const isArray = (value, min, max = min) =>
  Array.isArray(value) && value.length >= min && value.length <= max;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * A product or a channel.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
export const isName = (value) => typeof value === 'string' && NAME.test(value);

/**
 * @template T
 * @param {T[]} values
 * @param {(value: T) => Uint8Array} bytes
 */
export function ascends(values, bytes) {
  for (let i = 1; i < values.length; i += 1) {
    if (compare(bytes(values[i - 1]), bytes(values[i])) >= 0) return false;
  }
  return true;
}

/**
 * Do the keys of a record lie among the assigned ones or from 64 on, and are all required ones there?
 *
 * @param {Map<number, Item>} map
 * @param {number[]} required
 * @param {number[]} optional
 */
export function hasKeys(map, required, optional) {
  const known = new Set([...required, ...optional]);
  return required.every((key) => map.has(key)) && [...map.keys()].every((key) => key >= 64 || known.has(key));
}

/**
 * `critical` and `extensions` (HDR-1, HDR-3, TRU-20).
 *
 * @param {Item} critical
 * @param {Item} extensions
 * @returns {critical is number[]}
 */
export function isCritical(critical, extensions) {
  if (!Array.isArray(critical) || !(extensions instanceof Map)) return false;
  for (const number of extensions.keys()) if (!isUint(number, 0, 65535)) return false;
  let previous = -1;
  for (const number of critical) {
    if (!isUint(number, previous + 1) || !extensions.has(number)) return false;
    previous = number;
  }
  return true;
}

/**
 * @param {unknown} value
 * @returns {value is number[]}
 */
const isHostVersion = (value) => isArray(value, 1, 4) && value.every((part) => isUint(part));

const PLATFORM = /^[a-z0-9._-]{1,64}$/;

/**
 * @param {unknown} value
 * @returns {value is string[]}
 */
const isPlatforms = (value) =>
  isArray(value, 1, LIMITS.platforms) &&
  value.every((name) => typeof name === 'string' && PLATFORM.test(name)) &&
  ascends(/** @type {string[]} */ (value), utf8);

/**
 * What a release requires of its host, or null where the shape is wrong.
 *
 * @param {Item | undefined} value
 * @param {number} fewest how many of the three keys there must be
 * @returns {Requires | null}
 */
export function readRequires(value, fewest) {
  if (!(value instanceof Map) || value.size < fewest) return null;
  /** @type {Requires} */
  const requires = {};
  for (const [key, item] of value) {
    if (key === 0 && isHostVersion(item)) requires.lowest = item;
    else if (key === 1 && isHostVersion(item)) requires.tooHigh = item;
    else if (key === 2 && isPlatforms(item)) requires.platforms = item;
    else return null;
  }
  return requires;
}
