/** Reader of bundlefmt/1 bundles: the public names. */
export { readIdentities, readRecipientKeys, readTrustFile } from './armor.js';
export { TrustChain } from './chain.js';
export { BundleError, PHASES } from './errors.js';
export { LIMITS } from './limits.js';
export { OpenedPointer, OpenedRelease } from './opened.js';
export { auditBundle, openBundle } from './reader.js';
export { blobSource, bytesSource, fileSource, streamSource } from './source.js';
