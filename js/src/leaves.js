/** Leaves and the body root (section 9). */
import { concat, equal, sha256, u32, u64 } from './bytes.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';

const LEAF = Uint8Array.of(0);
const ROOT = Uint8Array.of(1);
export const DIGEST_LEN = 32;

/** @param {number} bodyLen */
export function leafSize(bodyLen) {
  let size = LIMITS.leaf_min;
  while (size < LIMITS.leaf_max && Math.ceil(bodyLen / size) > LIMITS.leaf_count) size *= 2;
  return size;
}

/** @param {number} bodyLen */
export const leafCount = (bodyLen) => Math.ceil(bodyLen / leafSize(bodyLen));

/**
 * @param {number} index
 * @param {Uint8Array} bytes
 */
export const leafDigest = (index, bytes) => sha256(LEAF, u64(index), bytes);

/**
 * @param {number} bodyLen
 * @param {Uint8Array} leaves
 */
export const bodyRoot = (bodyLen, leaves) => sha256(concat(ROOT, u64(bodyLen), u32(leafSize(bodyLen))), leaves);

/**
 * BDY-1.
 *
 * @param {Uint8Array} leaves
 * @param {number} bodyLen
 * @param {Uint8Array} root
 */
export function judgeLeafTable(leaves, bodyLen, root) {
  const whole = leaves.length === DIGEST_LEN * leafCount(bodyLen);
  must(whole && equal(bodyRoot(bodyLen, leaves), root), 'LEAF_TABLE', 'the leaf table does not give the signed root');
}

/**
 * BDY-2, for one leaf.
 *
 * @param {Uint8Array} leaves
 * @param {number} index
 * @param {Uint8Array} bytes
 */
export function judgeLeaf(leaves, index, bytes) {
  const digest = leaves.subarray(index * DIGEST_LEN, (index + 1) * DIGEST_LEN);
  must(equal(leafDigest(index, bytes), digest), 'BODY_DIGEST', `leaf ${index} does not have its digest`);
}
