/** Trust documents and the frames that carry them (section 5). */
import { algorithm, ALGORITHMS } from './algorithms.js';
import { concat, equal, readU32, sha256, toHex, u16 } from './bytes.js';
import { decode } from './cbor.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';
import { ascends, isArray, isBytes, isCritical, isDigest, isUint } from './shapes.js';
import { lengthsOf, readTable, usableKeys } from './signatures.js';

/** @typedef {import('./cbor.js').Item} Item */
/** @typedef {import('./errors.js').Code} Code */
/** @typedef {import('./signatures.js').Role} Role */
/** @typedef {import('./signatures.js').Row} Row */
/** @typedef {{ document: Uint8Array, rows: Row[] }} Frame */
/**
 * @typedef {object} TrustDocument
 * @property {Uint8Array} bytes
 * @property {Uint8Array} publisherId
 * @property {number} epoch
 * @property {number} expires
 * @property {number} minEpoch
 * @property {Role} root
 * @property {Role} release
 * @property {Role} pointer
 * @property {number[]} critical
 */

const FRAME_HEAD = 8;
const DOCUMENT_MIN = 54;
const TABLE_MIN = 37;

/**
 * Split a trust section into frames (TRU-1, SIG-1 to SIG-3), or refuse with `code`.
 *
 * @param {Uint8Array} bytes
 * @param {Code} code
 * @returns {Frame[]}
 */
export function readFrames(bytes, code) {
  /** @type {Frame[]} */
  const frames = [];
  for (let at = 0; at < bytes.length; ) {
    must(frames.length < LIMITS.trust_frames, code, 'too many frames');
    must(at + FRAME_HEAD <= bytes.length, code, 'a frame does not fit');
    const documentLen = readU32(bytes, at);
    const tableLen = readU32(bytes, at + 4);
    must(documentLen >= DOCUMENT_MIN && documentLen <= LIMITS.trust_document_len, code, 'document length');
    must(tableLen >= TABLE_MIN && tableLen <= LIMITS.signatures_len, code, 'table length');
    at += FRAME_HEAD;
    const end = at + documentLen + tableLen;
    must(end <= bytes.length, code, 'a frame does not fit');
    const document = bytes.subarray(at, at + documentLen);
    frames.push({ document, rows: readTable(bytes.subarray(at + documentLen, end), code) });
    at = end;
  }
  return frames;
}

/**
 * Decode a document and judge its shape (CBOR profile, TRU-2 to TRU-6, TRU-20, TRU-23).
 *
 * @param {Uint8Array} bytes
 * @returns {TrustDocument}
 */
export function readDocument(bytes) {
  const fields = decode(bytes, 'TRUST_ENCODING');
  shape(isArray(fields, 11), 'not an array of eleven');
  const [format, publisherId, epoch, issued, expires, minEpoch, root, release, pointer, critical, extensions] = fields;
  shape(format === 'bundlefmt/1 trust', 'not a trust document');
  shape(isDigest(publisherId), 'publisher_id');
  shape(isUint(epoch, 1), 'epoch');
  shape(isUint(issued) && isUint(expires), 'issued or expires');
  shape(isUint(minEpoch, 1, epoch), 'min_epoch');
  const roles = { root: readRole(root), release: readRole(release), pointer: readRole(pointer) };
  shape(isCritical(critical, extensions), 'critical or extensions');
  judgeHalves(Object.values(roles));
  return { bytes, publisherId, epoch, expires, minEpoch, ...roles, critical };
}

/**
 * @param {Item} value
 * @returns {Role}
 */
function readRole(value) {
  shape(isArray(value, 2), 'a role is not a pair');
  const [threshold, list] = value;
  shape(isArray(list, 1, LIMITS.role_keys), 'number of keys');
  shape(isUint(threshold, 1, list.length), 'threshold');
  const keys = list.map((key) => {
    shape(isArray(key, 2), 'a key is not a pair');
    const [alg, publicKey] = key;
    shape(isUint(alg, 0, 65535), 'alg');
    const [min, max] = lengthsOf(ALGORITHMS.get(alg)?.publicKeyLen, LIMITS.public_key_len);
    shape(isBytes(publicKey, min, max), 'public key length');
    return { alg, publicKey };
  });
  shape(ascends(keys, (key) => concat(u16(key.alg), key.publicKey)), 'keys do not ascend');
  return { threshold, keys };
}

/**
 * TRU-23: two different keys share neither of their halves. Halves of two algorithms differ in length.
 *
 * @param {Role[]} roles
 */
function judgeHalves(roles) {
  /** @type {Map<string, string>} */
  const owners = new Map();
  for (const { alg, publicKey } of roles.flatMap(usableKeys)) {
    const owner = toHex(publicKey);
    for (const half of algorithm(alg).halves(publicKey).map(toHex)) {
      shape((owners.get(half) ?? owner) === owner, 'two keys with a half in common');
      owners.set(half, owner);
    }
  }
}

/**
 * @param {boolean} condition
 * @param {string} message
 * @returns {asserts condition}
 */
function shape(condition, message) {
  must(condition, 'TRUST_DOCUMENT', message);
}

/**
 * TRU-7: a document of epoch 1 names itself.
 *
 * @param {TrustDocument} document
 */
export function judgeFirst(document) {
  const blank = document.bytes.slice();
  blank.fill(0, 21, 53);
  must(equal(sha256(blank), document.publisherId), 'TRUST_PUBLISHER', 'publisher_id is not that of this document');
}

/**
 * TRU-13: could this reader judge the next document and everything this one demands?
 *
 * @param {TrustDocument} document
 */
export function judgeSupported(document) {
  must(document.critical.length === 0, 'TRUST_UNSUPPORTED', 'an unknown critical extension');
  judgeRole(document.root);
}

/**
 * TRU-13 and TRU-15: a threshold must be within reach of the keys of known algorithms.
 *
 * @param {Role} role
 */
export function judgeRole(role) {
  must(role.threshold <= usableKeys(role).length, 'TRUST_UNSUPPORTED', 'a threshold needs keys of unknown algorithms');
}
