/** The manifest: decryption and layout (sections 7 and 8). */
import { readU32 } from './bytes.js';
import { manifestContext, openMessage } from './cobblestone.js';
import { must } from './errors.js';
import { padme } from './padme.js';

/** @typedef {import('./cobblestone.js').Binding} Binding */
/** @typedef {import('./header.js').Kind} Kind */
/** @typedef {{ form: number, neededTree: Uint8Array | null, frames: Uint8Array[] }} Layout */

export const FORM_COMPLETE = 0;
export const FORM_PATCH = 1;
export const FORM_POINTER = 2;

/**
 * ENC-2: open the manifest section.
 *
 * @param {Uint8Array} section
 * @param {Uint8Array} cek
 * @param {Binding} binding
 */
export async function decryptManifest(section, cek, binding) {
  const plaintext = await openMessage(cek, manifestContext(binding), section);
  must(plaintext !== null, 'MANIFEST_DECRYPT', 'the signed manifest does not decrypt');
  return plaintext;
}

/**
 * Cut a plaintext into its frames (MAN-1 to MAN-4).
 *
 * @param {Uint8Array} plaintext
 * @param {Kind} kind
 * @returns {Layout}
 */
export function readLayout(plaintext, kind) {
  must(plaintext.length > 0, 'MANIFEST_LAYOUT', 'an empty manifest');
  const form = plaintext[0];
  const forms = kind === 'pointer' ? [FORM_POINTER] : [FORM_COMPLETE, FORM_PATCH];
  must(forms.includes(form), 'MANIFEST_LAYOUT', `form ${form}`);
  let at = 1;
  /** @param {number} length */
  const take = (length) => {
    must(length <= plaintext.length - at, 'MANIFEST_LAYOUT', 'a frame does not fit');
    at += length;
    return plaintext.subarray(at - length, at);
  };
  const neededTree = form === FORM_PATCH ? take(32) : null;
  const frames = [];
  for (let count = form === FORM_POINTER ? 1 : 3; count > 0; count -= 1) frames.push(take(readU32(take(4), 0)));
  must(
    plaintext.subarray(at).every((byte) => byte === 0),
    'MANIFEST_LAYOUT',
    'bytes after the last frame',
  );
  must(plaintext.length === padme(at), 'MANIFEST_LAYOUT', 'not the size class of what it holds');
  return { form, neededTree, frames };
}
