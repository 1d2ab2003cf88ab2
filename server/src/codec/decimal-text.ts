import { maxNumberLength } from './number-text.ts'

const pattern = /^([-+])?(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d{1,3}))?$/
const maxMantissa = 2n ** 96n - 1n
const maxScale = 28

/** A System.Decimal: an integer of 96 bits and a power of ten. */
interface Decimal {
  readonly negative: boolean
  readonly mantissa: bigint
  readonly scale: number
}

/** Reads decimal text as .NET does: digits beyond what a decimal holds are rounded; `undefined` when it is none or too large. */
function parseDecimal(text: string): Decimal | undefined {
  const match = text.length <= maxNumberLength ? pattern.exec(text.trim()) : undefined
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  if (whole.length + fraction.length > 1_000) return undefined
  let mantissa = BigInt(whole + fraction)
  let scale = fraction.length - Number(exponent)
  if (scale < 0) {
    if (scale < -30) return mantissa === 0n ? { negative: false, mantissa, scale: 0 } : undefined
    mantissa *= 10n ** BigInt(-scale)
    scale = 0
  }
  if (mantissa > maxMantissa || scale > maxScale) {
    // Digits go from the end, all at once so that rounding happens once.
    const tooLong = Math.max(scale - maxScale, String(mantissa).length - 29)
    for (let drop = Math.max(tooLong, 0); drop <= scale; drop++) {
      const rounded = divideHalfEven(mantissa, 10n ** BigInt(drop))
      if (rounded <= maxMantissa) return { negative: sign === '-', mantissa: rounded, scale: scale - drop }
    }
    return undefined
  }
  return { negative: sign === '-', mantissa, scale }
}

function divideHalfEven(value: bigint, by: bigint): bigint {
  const quotient = value / by
  const twice = (value % by) * 2n
  return twice > by || (twice === by && quotient % 2n === 1n) ? quotient + 1n : quotient
}

/**
 * The double that .NET makes of a decimal (it writes decimals as doubles, spec §4.6.1): mantissa in two parts, divided by a power of ten,
 * which is not always the nearest double. `undefined` when the text is no decimal.
 */
export function decimalToDouble(text: string): number | undefined {
  const decimal = parseDecimal(text)
  if (!decimal) return undefined
  const low = Number(decimal.mantissa & 0xffff_ffff_ffff_ffffn)
  const high = Number(decimal.mantissa >> 64n)
  const value = (low + high * 2 ** 64) / Number(`1e${decimal.scale}`)
  return decimal.negative ? -value : value
}

/** The decimal that .NET makes of a double: 15 significant digits. `undefined` when it does not fit. */
export function doubleToDecimal(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 96) return undefined
  return normaliseDecimal(value.toPrecision(15), true)
}

/** Decimal text without sign of zero, exponent or leading zeros; trailing zeros go only where asked. `undefined` when it is no decimal. */
export function normaliseDecimal(text: string, trim = false): string | undefined {
  const decimal = parseDecimal(text)
  if (!decimal) return undefined
  const digits = String(decimal.mantissa).padStart(decimal.scale + 1, '0')
  const whole = digits.slice(0, digits.length - decimal.scale)
  const fraction = decimal.scale === 0 ? '' : digits.slice(-decimal.scale)
  const kept = trim ? fraction.replace(/0+$/, '') : fraction
  return `${decimal.negative && decimal.mantissa > 0n ? '-' : ''}${whole}${kept === '' ? '' : `.${kept}`}`
}
