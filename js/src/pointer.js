/** The pointer record (section 8). */
import { decode } from './cbor.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { hasKeys, isArray, isBytes, isDigest, isName, isText, isUint, readRequires } from './shapes.js';

/** @typedef {import('./cbor.js').Item} Item */
/** @typedef {import('./shapes.js').Requires} Requires */
/**
 * @typedef {object} OfferedBundle
 * @property {string} head
 * @property {string} body
 * @property {number} headLen
 * @property {number} bodyLen
 * @property {Uint8Array} headerSha256
 * @property {Uint8Array} needed empty where the bundle is complete
 */
/**
 * @typedef {object} Offer
 * @property {number} number
 * @property {string} version
 * @property {Uint8Array} releaseId
 * @property {Uint8Array} tree
 * @property {Requires} requires
 * @property {number} share
 * @property {OfferedBundle[]} bundles
 */
/**
 * @typedef {object} Pointer
 * @property {string} product
 * @property {string} channel
 * @property {number} sequence
 * @property {number} issued
 * @property {number} expires
 * @property {number} spread
 * @property {Offer[]} offers
 * @property {Map<number, Item>} fields everything, unknown keys included
 */

const REQUIRED = [0, 1, 2, 3, 4, 5, 6];
const OBJECT_NAME = /^[a-z0-9]{16,64}$/;

/**
 * Decode a pointer and judge its shape (PTR-1, PTR-2).
 *
 * @param {Uint8Array} bytes
 * @returns {Pointer}
 */
export function readPointer(bytes) {
  const fields = decode(bytes, 'MANIFEST_ENCODING');
  shape(fields instanceof Map && hasKeys(fields, REQUIRED, []), 'not a map with the keys of a pointer');
  const [product, channel, sequence, issued, expires, spread, list] = REQUIRED.map((key) => fields.get(key));
  shape(isName(product), 'product');
  shape(isName(channel), 'channel');
  shape(isUint(sequence, 1), 'sequence');
  shape(isUint(issued), 'issued');
  shape(isUint(expires, issued + 1, issued + LIMITS.pointer_lifetime), 'expires');
  shape(isUint(spread, 0, LIMITS.pointer_lifetime), 'spread');
  shape(isArray(list, 0, LIMITS.offers), 'offers');
  const offers = list.map(readOffer);
  shape(
    offers.every(({ number }, i) => i === 0 || number > offers[i - 1].number),
    'offers do not ascend',
  );
  return { product, channel, sequence, issued, expires, spread, offers, fields };
}

/**
 * @param {Item} value
 * @returns {Offer}
 */
function readOffer(value) {
  shape(isArray(value, 7), 'an offer is not an array of seven');
  const [number, version, releaseId, tree, requires, share, list] = value;
  shape(isUint(number, 1), 'number of an offer');
  shape(isText(version, 1, LIMITS.name_len), 'version of an offer');
  shape(isDigest(releaseId) && isDigest(tree), 'digests of an offer');
  const required = readRequires(requires, 0);
  shape(required !== null, 'requires of an offer');
  shape(isUint(share, 0, 10000), 'share of an offer');
  shape(isArray(list, 1, LIMITS.offer_bundles), 'bundles of an offer');
  return { number, version, releaseId, tree, requires: required, share, bundles: list.map(readBundle) };
}

/**
 * @param {Item} value
 * @returns {OfferedBundle}
 */
function readBundle(value) {
  shape(isArray(value, 6), 'a bundle of an offer is not an array of six');
  const [head, body, headLen, bodyLen, headerSha256, needed] = value;
  shape(isObjectName(head) && isObjectName(body), 'names of a bundle');
  shape(isUint(headLen) && isUint(bodyLen, 0, LIMITS.body_len), 'lengths of a bundle');
  shape(isDigest(headerSha256), 'header digest of a bundle');
  shape(isBytes(needed, 0) || isDigest(needed), 'needed tree of a bundle');
  return { head, body, headLen, bodyLen, headerSha256, needed };
}

/**
 * @param {Item} value
 * @returns {value is string}
 */
const isObjectName = (value) => typeof value === 'string' && OBJECT_NAME.test(value);

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'POINTER_RECORD', message);
}
