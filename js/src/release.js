/** The release record (section 8). */
import { concat, sha256, u16, utf8 } from './bytes.js';
import { decode } from './cbor.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { ascends, hasKeys, isArray, isBytes, isDigest, isName, isText, isUint, readRequires } from './shapes.js';

/** @typedef {import('./cbor.js').Item} Item */
/** @typedef {import('./shapes.js').Requires} Requires */
/**
 * @typedef {object} Release
 * @property {Uint8Array} id SHA-256 of the record's bytes
 * @property {string} product
 * @property {number} number
 * @property {string} version
 * @property {number} created
 * @property {number | undefined} expires
 * @property {Requires | undefined} requires
 * @property {Uint8Array} tree
 * @property {Map<number, Item>} fields everything, unknown keys included
 */

const REQUIRED = [0, 1, 2, 3, 9];
const OPTIONAL = [4, 5, 6, 7, 8];
/** Identity types whose secrets this version defines; both have 32 bytes. */
const KNOWN_TYPES = [1, 2];

/**
 * Decode a release record and judge its shape (REL-1).
 *
 * @param {Uint8Array} bytes
 * @returns {Release}
 */
export function readRelease(bytes) {
  const fields = decode(bytes, 'MANIFEST_ENCODING');
  shape(fields instanceof Map && hasKeys(fields, REQUIRED, OPTIONAL), 'not a map with the keys of a release');
  const [product, number, version, created, expires] = [0, 1, 2, 3, 4].map((key) => fields.get(key));
  const [requires, notes, metadata, identities, tree] = [5, 6, 7, 8, 9].map((key) => fields.get(key));
  shape(isName(product), 'product');
  shape(isUint(number, 1), 'number');
  shape(isText(version, 1, LIMITS.name_len), 'version');
  shape(isUint(created), 'created');
  shape(expires === undefined || isUint(expires, created + 1), 'expires');
  const required = requires === undefined ? undefined : readRequires(requires, 1);
  shape(required !== null, 'requires');
  shape(notes === undefined || isText(notes, 0, LIMITS.text_len), 'notes');
  shape(metadata === undefined || isMetadata(metadata), 'metadata');
  shape(identities === undefined || isIdentities(identities), 'identities');
  shape(isDigest(tree), 'tree');
  return { id: sha256(bytes), product, number, version, created, expires, requires: required, tree, fields };
}

/** @param {Item} value */
function isMetadata(value) {
  if (!isArray(value, 1, LIMITS.metadata_pairs)) return false;
  const isPair = (/** @type {Item} */ pair) =>
    isArray(pair, 2) && isText(pair[0], 1, LIMITS.name_len) && isText(pair[1], 0, LIMITS.text_len);
  return value.every(isPair) && ascends(/** @type {[string, string][]} */ (value), ([key]) => utf8(key));
}

/** @param {Item} value */
function isIdentities(value) {
  if (!isArray(value, 1, LIMITS.identities)) return false;
  const isIdentity = (/** @type {Item} */ identity) => {
    if (!isArray(identity, 2) || !isUint(identity[0], 0, 65535)) return false;
    return KNOWN_TYPES.includes(identity[0]) ? isBytes(identity[1], 32) : isBytes(identity[1], 1, 4096);
  };
  const pairs = /** @type {[number, Uint8Array][]} */ (value);
  return value.every(isIdentity) && ascends(pairs, ([type, secret]) => concat(u16(type), secret));
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'RELEASE_RECORD', message);
}
