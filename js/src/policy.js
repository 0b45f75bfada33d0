/** What the caller expects of a release or a pointer (step R9). */
import { equal } from './bytes.js';
import { must } from './errors.js';

/** @typedef {import('./pointer.js').Pointer} Pointer */
/** @typedef {import('./release.js').Release} Release */
/** @typedef {import('./shapes.js').Requires} Requires */
/** @typedef {{ minEpoch: number, number: number, releaseId: Uint8Array }} Floor */
/**
 * @typedef {object} Expectation what is absent is not stated
 * @property {string} [product]
 * @property {string} [channel] of a pointer
 * @property {Floor} [floor] of the last release that was good
 * @property {number[]} [host]
 * @property {string} [platform]
 */

/**
 * @param {Release} release
 * @param {Expectation} expect
 * @param {number} minEpoch of the newest trust document
 * @param {number} now
 */
export function judgeRelease(release, expect, minEpoch, now) {
  judgeProduct(release.product, expect);
  const { floor } = expect;
  if (floor !== undefined) {
    const epochs = minEpoch - floor.minEpoch;
    const order = epochs === 0 ? release.number - floor.number : epochs;
    must(order >= 0, 'ROLLBACK', 'older than what was good here');
    must(order > 0 || equal(release.id, floor.releaseId), 'EQUIVOCATION', 'another release with this number');
  }
  must(release.expires === undefined || now < release.expires, 'RELEASE_EXPIRED', 'the release has expired');
  const runs = release.requires === undefined || satisfies(release.requires, expect.host, expect.platform);
  must(runs, 'HOST_MISMATCH', 'the release does not run here');
}

/**
 * @param {Pointer} pointer
 * @param {Expectation} expect
 * @param {number} now
 */
export function judgePointer(pointer, expect, now) {
  judgeProduct(pointer.product, expect);
  const { channel } = expect;
  must(channel === undefined || pointer.channel === channel, 'CHANNEL_MISMATCH', 'another channel');
  must(now < pointer.expires, 'POINTER_EXPIRED', 'the pointer has expired');
}

/**
 * @param {string} product
 * @param {Expectation} expect
 */
function judgeProduct(product, expect) {
  must(expect.product === undefined || product === expect.product, 'PRODUCT_MISMATCH', 'another product');
}

/**
 * Order of two host versions, number by number, the shorter one padded with zeros.
 *
 * @param {number[]} a
 * @param {number[]} b
 * @returns {-1 | 0 | 1}
 */
export function compareVersions(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/**
 * Does a caller satisfy what is required? One that states no host or platform does not satisfy a requirement on it.
 *
 * @param {Requires} requires
 * @param {number[]} [host]
 * @param {string} [platform]
 */
export function satisfies({ lowest, tooHigh, platforms }, host, platform) {
  if (lowest !== undefined && (host === undefined || compareVersions(host, lowest) < 0)) return false;
  if (tooHigh !== undefined && (host === undefined || compareVersions(host, tooHigh) >= 0)) return false;
  return platforms === undefined || (platform !== undefined && platforms.includes(platform));
}
