/** Strict Ed25519 (EDS-1 to EDS-5), rule by rule on the library's points. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';

import { concat, equal } from './bytes.js';

const { Point } = ed25519;
/** The order of the base point, `L`. */
const ORDER = Point.Fn.ORDER;

/**
 * Is `signature` a valid signature of `message` by `publicKey`?
 *
 * The library's own `verify` is cofactored and WebCrypto's accepts keys of small order, so neither
 * is the rule; the equation is written out. All inputs are public: timing tells nothing.
 *
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @returns {boolean}
 */
export function verifyStrict(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const encodedR = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= ORDER) return false; // EDS-1
  const a = decodePoint(publicKey, false);
  if (a === null) return false; // EDS-2: strict decoding also refuses coordinates of p and more
  if (a.isSmallOrder()) return false; // EDS-3
  const r = decodePoint(encodedR, true);
  if (r === null || r.isSmallOrder()) return false; // EDS-4: decoded leniently, so that every encoding is seen
  const k = littleEndian(sha512(concat(encodedR, publicKey, message))) % ORDER;
  const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
  return equal(expected.toBytes(), encodedR); // EDS-5
}

/**
 * @param {Uint8Array} bytes
 * @param {boolean} lenient accept a y coordinate of p or more, and x = 0 with a sign
 */
function decodePoint(bytes, lenient) {
  try {
    return Point.fromBytes(bytes, lenient);
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes */
function littleEndian(bytes) {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}
