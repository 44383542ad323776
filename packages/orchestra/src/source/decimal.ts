const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i
/** A power of ten beyond which a whole number is not written out: `1e999999999` would fill the memory. */
const LARGEST_EXPONENT = 400

/** The same for every way to write a number: its significant digits and a power of ten. */
interface Decimal {
  sign: '' | '-'
  digits: string
  exponent: number
}

function decimalOf(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = '', power = '0'] = DECIMAL.exec(text) ?? []
  const all = whole + fraction
  if (sign === undefined || all === '') return undefined
  let start = 0
  let end = all.length
  // By hand: a pattern would begin anew at each of a hundred thousand zeros.
  while (start < end && all[start] === '0') start++
  while (end > start && all[end - 1] === '0') end--
  if (start === end) return { sign: '', digits: '0', exponent: 0 }
  const exponent = Number(power) - fraction.length + (all.length - end)
  return { sign: sign === '-' ? '-' : '', digits: all.slice(start, end), exponent }
}

export function isDecimal(text: string): boolean {
  return decimalOf(text) !== undefined
}

/** The number that JavaScript writes with the same digits; undefined when it would write others. */
export function exactNumber(text: string): number | undefined {
  const wanted = decimalOf(text)
  const number = Number(text)
  if (wanted === undefined || !Number.isFinite(number)) return undefined
  const written = decimalOf(String(number))
  const isSame =
    written?.sign === wanted.sign && written.digits === wanted.digits && written.exponent === wanted.exponent
  return isSame ? number : undefined
}

/** The whole number that a text stands for; undefined when it has a fraction, or is none. */
export function wholeNumber(text: string): bigint | undefined {
  const decimal = decimalOf(text)
  if (decimal === undefined || decimal.exponent < 0 || decimal.exponent > LARGEST_EXPONENT + text.length)
    return undefined
  return BigInt(`${decimal.sign}${decimal.digits}${'0'.repeat(decimal.exponent)}`)
}

/** A whole number as a number while every one of its size is exact, else as a bigint. */
export function numberOrBigint(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}
