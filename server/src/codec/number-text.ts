/** A double as .NET prints it in its shortest form: `1.5`, `1E+21`, `5E-324`, `NaN`, `Infinity`. */
export function printDouble(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const match = /^(-?[\d.]+)e([-+])(\d+)$/.exec(text)
  if (match) return `${match[1]}E${match[2]}${(match[3] as string).padStart(2, '0')}`
  // .NET turns to the exponent at 1E+15 and below 0.0001, JavaScript at 1e21 and below 1e-6.
  if (!Number.isFinite(value) || (Math.abs(value) < 1e15 && (Math.abs(value) >= 1e-4 || value === 0))) return text
  const exponential = value.toExponential()
  const parts = /^(-?[\d.]+)e([-+])(\d+)$/.exec(exponential)
  return parts ? `${parts[1]}E${parts[2]}${(parts[3] as string).padStart(2, '0')}` : text
}

/** Rounds half to even, as .NET converts doubles to integers: 2.5 to 2, 3.5 to 4. `undefined` for NaN and infinities. */
export function roundHalfEven(value: number): bigint | undefined {
  if (!Number.isFinite(value)) return undefined
  const floor = Math.floor(value)
  const rest = value - floor
  return BigInt(rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor)
}

/** No number’s text is longer, with whatever stands around it; what is, is not looked at. */
export const maxNumberLength = 4_096

/** An integer’s text, signs and surrounding spaces allowed; `undefined` for anything else. */
export function parseInteger(text: string): bigint | undefined {
  return text.length <= maxNumberLength && /^\s*[-+]?\d{1,64}\s*$/.test(text) ? BigInt(text.trim().replace(/^\+/, '')) : undefined
}

/** A number’s text as .NET’s invariant culture reads it; `undefined` for anything else. */
export function parseDouble(text: string): number | undefined {
  if (text.length > maxNumberLength) return undefined
  const trimmed = text.trim()
  if (/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(trimmed)) return Number(trimmed)
  return trimmed === 'NaN' ? Number.NaN : trimmed === 'Infinity' || trimmed === '-Infinity' ? Number(trimmed) : undefined
}
