/** Paths, judged alike by every reader (PTH-1 to PTH-8). */
import { utf8 } from './bytes.js';
import { must } from './errors.js';
import { LIMITS } from './limits.js';

/** Bytes 5c and 3a, controls 00 to 1f and 7f, and U+0080 to U+009F, which are the pairs c2 80 to c2 9f. */
const FORBIDDEN = /[\\:\u0000-\u001f\u007f-\u009f]/;
const DEVICE = /^(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])$/;

/**
 * Judge one path (PTH-1 to PTH-6). Valid UTF-8 has been made sure of (CBR-7), so characters say what bytes do.
 *
 * @param {string} path
 * @returns {string[]} its components
 */
export function judgePath(path) {
  const length = utf8(path).length;
  invalid(length >= 1 && length <= LIMITS.path_len, 'length of a path');
  invalid(!FORBIDDEN.test(path), 'a forbidden character');
  const components = path.split('/');
  for (const component of components) {
    const size = utf8(component).length;
    invalid(size >= 1 && size <= LIMITS.component_len, 'length of a component');
    // PTH-2 is part of PTH-5: "." and ".." end in a dot.
    invalid(!/[. ]$/.test(component), 'a component ends in a dot or a space');
    invalid(!DEVICE.test(deviceName(component)), 'the name of a device');
  }
  return components;
}

/**
 * What Windows compares with its devices: before the first dot, without trailing spaces, in ASCII upper case.
 *
 * @param {string} component
 */
const deviceName = (component) =>
  component
    .split('.', 1)[0]
    .replace(/ +$/, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase());

/** @param {string} path */
const folded = (path) => path.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Judge the paths of a listing, each good alone (PTH-7, PTH-8).
 *
 * In the order of folded paths, with the separator lowest, all files of a folder stand together and
 * directly behind a file of its name; so neighbours show every collision, and no table of folders,
 * of which there can be hundreds of times as many as files, is needed.
 *
 * @param {string[]} paths
 */
export function judgeSet(paths) {
  const sorted = paths.map((path) => ({ path, key: folded(path).replaceAll('/', '\0') }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  for (let i = 1; i < sorted.length; i += 1) {
    const [a, b] = [sorted[i - 1], sorted[i]];
    collision(a.key !== b.key, 'two files of one name');
    collision(!b.key.startsWith(`${a.key}\0`), 'a file with the name of a folder');
    const shared = sharedFolder(a.key, b.key);
    collision(a.path.slice(0, shared) === b.path.slice(0, shared), 'two folders of one name');
  }
}

/**
 * Length of the longest folder that two folded paths share, its separator counted.
 *
 * @param {string} a
 * @param {string} b
 */
function sharedFolder(a, b) {
  let length = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i += 1) if (a[i] === '\0') length = i + 1;
  return length;
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function invalid(condition, message) {
  must(condition, 'PATH_INVALID', message);
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function collision(condition, message) {
  must(condition, 'PATH_COLLISION', message);
}
