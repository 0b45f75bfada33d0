/** The header (section 4), decoded only after its signatures were verified. */
import { equal } from './bytes.js';
import { decode } from './cbor.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { isArray, isBytes, isCritical, isDigest, isUint } from './shapes.js';

/** @typedef {import('./trust.js').TrustDocument} TrustDocument */
/** @typedef {'release' | 'pointer'} Kind */
/**
 * @typedef {object} Header
 * @property {Kind} kind
 * @property {Uint8Array} publisherId
 * @property {Uint8Array} bundleId
 * @property {number} trustEpoch
 * @property {number} manifestLen
 * @property {Uint8Array} manifestDigest
 * @property {number} bodyLen
 * @property {Uint8Array} bodyRoot
 */

export const SUITE = 1;
export const KIND_NUMBERS = Object.freeze({ release: 1, pointer: 2 });
/** A manifest of one byte: `clen(1)`. */
const MANIFEST_MIN = 73;

/**
 * Decode and judge a header, step R5 up to the lengths.
 *
 * @param {Uint8Array} bytes
 * @param {Kind} wanted
 * @param {TrustDocument} newest
 * @returns {Header}
 */
export function readHeader(bytes, wanted, newest) {
  const fields = decode(bytes, 'HEADER_ENCODING');
  shape(isArray(fields, 10), 'not an array of ten');
  const [format, kind, suite, publisherId, bundleId, trustEpoch, manifest, body, critical, extensions] = fields;
  shape(format === 'bundlefmt/1', 'not a header');
  shape(kind === KIND_NUMBERS.release || kind === KIND_NUMBERS.pointer, 'kind');
  shape(isUint(suite), 'suite');
  shape(isDigest(publisherId), 'publisher_id');
  shape(isBytes(bundleId, 16), 'bundle_id');
  shape(isUint(trustEpoch, 1), 'trust_epoch');
  const [manifestLen, manifestDigest] = readSized(manifest);
  const [bodyLen, bodyRoot] = readSized(body);
  shape(isCritical(critical, extensions), 'critical or extensions');
  shape(kind !== KIND_NUMBERS.pointer || bodyLen === 0, 'a pointer with a body');
  must(suite === SUITE, 'UNSUPPORTED_SUITE', `suite ${suite}`);
  must(critical.length === 0, 'UNSUPPORTED_CRITICAL', 'an unknown critical extension');
  must(kind === KIND_NUMBERS[wanted], 'KIND_MISMATCH', `not a ${wanted}`);
  must(equal(publisherId, newest.publisherId), 'PUBLISHER_MISMATCH', 'the bundle belongs to another publisher');
  must(trustEpoch <= newest.epoch, 'TRUST_WITHHELD', 'signed under a newer trust document than is at hand');
  must(trustEpoch >= newest.minEpoch, 'EPOCH_RETIRED', 'signed under a retired epoch');
  must(manifestLen >= MANIFEST_MIN && manifestLen <= LIMITS.manifest_len, 'HEADER_LIMIT', 'manifest length');
  must(bodyLen <= LIMITS.body_len, 'HEADER_LIMIT', 'body length');
  return { kind: wanted, publisherId, bundleId, trustEpoch, manifestLen, manifestDigest, bodyLen, bodyRoot };
}

/**
 * @param {unknown} value
 * @returns {[number, Uint8Array]}
 */
function readSized(value) {
  shape(isArray(value, 2), 'not a pair of length and digest');
  const [length, digest] = value;
  shape(isUint(length) && isDigest(digest), 'not a pair of length and digest');
  return [length, digest];
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'HEADER_SHAPE', message);
}
