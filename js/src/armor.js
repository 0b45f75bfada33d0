/** Text files around a bundle: trust chains, identities, recipients (section 11). */
import { concat, equal, labelled, readU16, sha256, u16 } from './bytes.js';
import { TrustChain } from './chain.js';
import { must } from './errors.js';
import { RECIPIENT_TYPES, SECRET_LEN } from './hpke.js';

/** @typedef {import('./errors.js').Code} Code */
/** @typedef {{ type: number, key: Uint8Array }} TypedKey */

export const TRUST = 'BUNDLEFMT TRUST';
export const IDENTITY = 'BUNDLEFMT IDENTITY';
export const RECIPIENT = 'BUNDLEFMT RECIPIENT';

const LINE_LEN = 64;
const CHECK_LEN = 4;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The contents of all blocks of a file, which must carry `label` (ARM-1).
 *
 * @param {string} text
 * @param {string} label
 * @param {Code} code
 * @returns {Uint8Array[]}
 */
export function readArmor(text, label, code) {
  const blocks = [];
  /** @type {string[] | null} */
  let lines = null;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (lines === null) {
      if (!line.startsWith('-----')) continue;
      must(line === `-----BEGIN ${label}-----`, code, 'a block of another label, or a damaged line');
      lines = [];
    } else if (line === `-----END ${label}-----`) {
      blocks.push(decodeLines(lines, code));
      lines = null;
    } else {
      lines.push(line);
    }
  }
  must(lines === null, code, 'a block does not end');
  must(blocks.length > 0, code, 'no block');
  return blocks;
}

/**
 * @param {string[]} lines
 * @param {Code} code
 */
function decodeLines(lines, code) {
  const last = lines.length - 1;
  const whole = lines.every(({ length }, i) => length === LINE_LEN || (i === last && length < LINE_LEN));
  const text = lines.join('');
  must(whole && BASE64.test(text) && text.length % 4 === 0, code, 'a damaged line');
  const binary = atob(text);
  // Only one text stands for these bytes: unused bits are zero.
  must(btoa(binary) === text, code, 'unused bits are not zero');
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * The chain of a trust file (ARM-2).
 *
 * @param {string} text
 * @returns {TrustChain}
 */
export function readTrustFile(text) {
  const blocks = readArmor(text, TRUST, 'TRUST_FILE');
  must(blocks.length === 1, 'TRUST_FILE', 'more than one block');
  return TrustChain.fromSection(blocks[0]);
}

/**
 * The identities of a file.
 *
 * @param {string} text
 */
export function readIdentities(text) {
  return readKeys(text, IDENTITY, () => SECRET_LEN).map(({ type, key }) => ({ type, secret: key }));
}

/**
 * The recipients of a file.
 *
 * @param {string} text
 */
export function readRecipientKeys(text) {
  return readKeys(text, RECIPIENT, (type) => RECIPIENT_TYPES.get(type)?.publicKeyLen ?? 0);
}

/**
 * @param {string} text
 * @param {string} label
 * @param {(type: number) => number} keyLen
 * @returns {TypedKey[]}
 */
function readKeys(text, label, keyLen) {
  return readArmor(text, label, 'KEY_FILE').map((bytes) => {
    must(bytes.length >= 2, 'KEY_FILE', 'a short block');
    const type = readU16(bytes, 0);
    must(RECIPIENT_TYPES.has(type), 'KEY_FILE', `type ${type}`);
    must(bytes.length === 2 + keyLen(type) + CHECK_LEN, 'KEY_FILE', 'key length');
    const key = bytes.subarray(2, -CHECK_LEN);
    must(equal(bytes.subarray(-CHECK_LEN), checkOf(label, type, key)), 'KEY_FILE', 'the check is wrong');
    return { type, key };
  });
}

/**
 * @param {string} label
 * @param {number} type
 * @param {Uint8Array} key
 */
export const checkOf = (label, type, key) => sha256(labelled(label), concat(u16(type), key)).subarray(0, CHECK_LEN);
