/** The prelude and the lengths of the sections (section 2). */
import { equal, fromHex, readU16, readU32 } from './bytes.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';

export const PRELUDE_LEN = 32;
const MAGIC = fromHex('89424e444c0d0a1a');

/** @typedef {{ header: number, signatures: number, trust: number, recipients: number }} SectionLengths */

/**
 * Judge the prelude, PRE-1 to PRE-7 in this order.
 *
 * @param {Uint8Array} prelude fewer than 32 bytes where the input ends early
 * @returns {SectionLengths}
 */
export function readPrelude(prelude) {
  // What differs from the magic is another file, however short; what begins like it is a cut bundle.
  const magic = prelude.subarray(0, MAGIC.length);
  must(equal(magic, MAGIC.subarray(0, magic.length)), 'PRELUDE_MAGIC', 'not a bundle');
  must(prelude.length === PRELUDE_LEN, 'TRUNCATED', 'the input ends inside the prelude');
  must(readU16(prelude, 8) === 1, 'PRELUDE_MAJOR', 'not major version 1');
  must(readU16(prelude, 10) === 0 && readU32(prelude, 28) === 0, 'PRELUDE_RESERVED', 'a reserved field is not zero');
  const lengths = {
    header: readU32(prelude, 12),
    signatures: readU32(prelude, 16),
    trust: readU32(prelude, 20),
    recipients: readU32(prelude, 24),
  };
  within('header', lengths.header, 1, LIMITS.header_len);
  within('signatures', lengths.signatures, 37, LIMITS.signatures_len);
  within('trust', lengths.trust, 0, LIMITS.trust_len);
  within('recipients', lengths.recipients, 5, LIMITS.recipients_len);
  return lengths;
}

/**
 * @param {string} name
 * @param {number} length
 * @param {number} min
 * @param {number} max
 */
function within(name, length, min, max) {
  must(length >= min && length <= max, 'SECTION_LIMIT', `${name} section of ${length} bytes`);
}
