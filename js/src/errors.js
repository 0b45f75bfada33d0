/** The one error of this package, and the phase of every code a reader can give. */

/** Phase of each code, as in `spec/errors.csv`; codes that only writers and installers give are left out. */
export const PHASES = Object.freeze({
  PRELUDE_MAGIC: 'prelude',
  PRELUDE_MAJOR: 'prelude',
  PRELUDE_RESERVED: 'prelude',
  SECTION_LIMIT: 'prelude',
  TRUNCATED: 'size',
  TRAILING_DATA: 'size',
  SIGNATURE_TABLE: 'tables',
  TRUST_TABLE: 'tables',
  RECIPIENT_TABLE: 'tables',
  TRUST_SIGNATURE: 'trust',
  TRUST_ENCODING: 'trust',
  TRUST_DOCUMENT: 'trust',
  TRUST_PUBLISHER: 'trust',
  TRUST_EPOCH: 'trust',
  TRUST_FORK: 'trust',
  TRUST_STEPS: 'trust',
  TRUST_UNSUPPORTED: 'trust',
  TRUST_EXPIRED: 'trust',
  SIGNATURE_INVALID: 'signature',
  SIGNATURE_THRESHOLD: 'signature',
  HEADER_ENCODING: 'header',
  HEADER_SHAPE: 'header',
  UNSUPPORTED_SUITE: 'header',
  UNSUPPORTED_CRITICAL: 'header',
  KIND_MISMATCH: 'header',
  PUBLISHER_MISMATCH: 'header',
  TRUST_WITHHELD: 'header',
  EPOCH_RETIRED: 'header',
  HEADER_LIMIT: 'header',
  MANIFEST_DIGEST: 'manifest-digest',
  NO_IDENTITY: 'access',
  MANIFEST_DECRYPT: 'manifest',
  MANIFEST_LAYOUT: 'manifest',
  MANIFEST_FRAME: 'manifest',
  MANIFEST_ENCODING: 'manifest',
  MANIFEST_LIMIT: 'manifest',
  RELEASE_RECORD: 'manifest',
  POINTER_RECORD: 'manifest',
  NEEDED_TREE: 'manifest',
  TREE_DIGEST: 'manifest',
  LISTING: 'manifest',
  PATH_INVALID: 'manifest',
  PATH_COLLISION: 'manifest',
  RECORD_TABLE: 'manifest',
  RECORD_PIECES: 'manifest',
  RECORD_PREFIX: 'manifest',
  CONTENT_MISSING: 'manifest',
  BODY_LENGTH: 'manifest',
  PRODUCT_MISMATCH: 'policy',
  CHANNEL_MISMATCH: 'policy',
  ROLLBACK: 'policy',
  EQUIVOCATION: 'policy',
  RELEASE_EXPIRED: 'policy',
  POINTER_EXPIRED: 'policy',
  HOST_MISMATCH: 'policy',
  LEAF_TABLE: 'leaves',
  BODY_DIGEST: 'body',
  RECORD_DECRYPT: 'record',
  RECORD_FRAME: 'record',
  NEEDED_CONTENT: 'record',
  CONTENT_DIGEST: 'content',
  ENTRY_NOT_FOUND: 'usage',
  SOURCE_FAILED: 'source',
  INPUT_TREE: 'write',
  KEY_FILE: 'key',
  TRUST_FILE: 'key',
});

/** @typedef {keyof typeof PHASES} Code */

/** A refusal: `code` says what is wrong, `phase` in which step it was noticed. */
export class BundleError extends Error {
  /**
   * @param {Code} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(`${code}: ${message}`, options);
    this.name = 'BundleError';
    this.code = code;
    this.phase = PHASES[code];
  }
}

/**
 * Refuse with `code` unless `condition` holds.
 *
 * @param {boolean} condition
 * @param {Code} code
 * @param {string} message
 * @returns {asserts condition}
 */
export function must(condition, code, message) {
  if (!condition) throw new BundleError(code, message);
}
