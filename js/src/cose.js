/** The bytes that are signed (section 3). */
import { algorithm } from './algorithms.js';
import { concat, fromHex, u16, utf8 } from './bytes.js';

/** An array of four and its first element. */
const SIGNATURE1 = concat(fromHex('846a'), utf8('Signature1'));

export const LABELS = Object.freeze({
  release: 'bundlefmt/1 release',
  pointer: 'bundlefmt/1 pointer',
  trust: 'bundlefmt/1 trust',
});

/**
 * @param {number} alg
 * @param {Uint8Array} kid
 * @param {string} label
 * @param {Uint8Array} payload
 */
export const sigStructure = (alg, kid, label, payload) =>
  concat(SIGNATURE1, algorithm(alg).protectedHead, byteString(kid), byteString(utf8(label)), byteString(payload));

/**
 * A CBOR byte string with the shortest head; signed payloads stay below 64 KiB.
 *
 * @param {Uint8Array} bytes
 */
function byteString(bytes) {
  const length = bytes.length;
  if (length < 24) return concat(Uint8Array.of(0x40 + length), bytes);
  if (length < 256) return concat(Uint8Array.of(0x58, length), bytes);
  return concat(Uint8Array.of(0x59), u16(length), bytes);
}
