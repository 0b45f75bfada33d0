/** Byte strings: joining, comparing, big-endian integers, ASCII and hexadecimal. */
import { sha256 as sha256of } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

export { bytesToHex as toHex, hexToBytes as fromHex };

const ENCODER = new TextEncoder();

/**
 * The UTF-8 bytes of a text; the ASCII bytes of an ASCII one.
 *
 * @param {string} text
 */
export const utf8 = (text) => ENCODER.encode(text);

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Order of two byte strings: negative, zero or positive; a proper beginning comes first.
 *
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

/**
 * Equality of public byte strings. Nothing secret is compared with it, so it need not be constant-time.
 *
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export const equal = (a, b) => a.length === b.length && compare(a, b) === 0;

/**
 * The integer `value` in `width` bytes, most significant first. Exact below 2^53.
 *
 * @param {number} value
 * @param {number} width
 */
export function uint(value, width) {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** @param {number} value */
export const u8 = (value) => uint(value, 1);
/** @param {number} value */
export const u16 = (value) => uint(value, 2);
/** @param {number} value */
export const u32 = (value) => uint(value, 4);
/** @param {number} value */
export const u64 = (value) => uint(value, 8);

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export const readU16 = (bytes, at) => bytes[at] * 256 + bytes[at + 1];

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export const readU32 = (bytes, at) => readU16(bytes, at) * 65536 + readU16(bytes, at + 2);

/**
 * SHA-256 of all parts joined.
 *
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function sha256(...parts) {
  const hash = sha256of.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A SHA-256 that is fed piece by piece: `update`, then `digest`. */
export const startSha256 = () => sha256of.create();

const ZERO = new Uint8Array(1);

/**
 * `"label" || 00`, the beginning of every labelled byte string of the format.
 *
 * @param {string} label
 */
export const labelled = (label) => concat(utf8(label), ZERO);
