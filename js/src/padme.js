/** Padmé size classes (section 1). */

/**
 * `length` rounded up to its size class. BigInt, because bit operations on numbers end at 2^32 and
 * logarithms of floating-point numbers are wrong near powers of two.
 *
 * @param {number} length an integer from 0 to 2^53
 * @returns {number}
 */
export function padme(length) {
  if (length < 2) return length;
  const exponent = BigInt(length).toString(2).length - 1;
  const mantissa = exponent.toString(2).length;
  const step = 1n << BigInt(exponent - mantissa);
  return Number(((BigInt(length) + step - 1n) / step) * step);
}
