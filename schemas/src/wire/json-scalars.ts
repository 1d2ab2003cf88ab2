import { base64urlToBytes, bytesToBase64url, isBase64url } from './base64url.ts'

/**
 * The scalar types of a contract as JSON (the table of `schemas/CONTRACTS.md`): how each value is written, and how its text is checked and
 * read. Both ends use this, so it needs nothing but the language.
 */
export interface ScalarJson {
  /** What is expected, in words. */
  readonly expected: string
  /** The JSON form of a value; `undefined` where the value does not fit. */
  readonly write: (value: unknown) => unknown
  /** The value of a JSON form; `undefined` where the form does not fit. */
  readonly read: (json: unknown) => unknown
  /** Whether null is a value of the .NET type. */
  readonly reference?: true | undefined
}

const bothWays = (expected: string, convert: (value: unknown) => unknown, reference?: true): ScalarJson => ({
  expected,
  write: convert,
  read: convert,
  reference,
})

const same = (expected: string, fits: (value: unknown) => boolean, reference?: true): ScalarJson =>
  bothWays(expected, value => (fits(value) ? value : undefined), reference)

const isText = (value: unknown): value is string => typeof value === 'string'

const text = (expected: string, pattern: RegExp, reference?: true): ScalarJson =>
  same(expected, value => isText(value) && pattern.test(value), reference)

function smallInteger(min: number, max: number): ScalarJson {
  const within = (value: unknown): unknown =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? value : undefined
  return { expected: `an integer from ${min} to ${max}`, write: within, read: json => within(untagged(json)) }
}

const longest = 10n ** 4_000n - 1n
const integerText = /^-?(?:0|[1-9]\d{0,3999})$/

/** A whole number as a client tags it that knows no contract, where it is tagged. */
function untagged(json: unknown): unknown {
  const { $type, $value } = readTagged(json) ?? {}
  return $type !== 'int64' ? json : Number.isSafeInteger(Number($value)) ? Number($value) : $value
}

function bigIntegerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  return undefined
}

function largeInteger(min: bigint, max: bigint, expected: string): ScalarJson {
  const within = (value: bigint | undefined): bigint | undefined => (value === undefined || value < min || value > max ? undefined : value)
  return {
    expected,
    write: value => within(bigIntegerOf(value))?.toString(),
    read: json => within(isText(json) && integerText.test(json) ? BigInt(json) : bigIntegerOf(untagged(json))),
  }
}

/** JSON’s writer would make null of what is not finite, and 0 of -0. */
const floating: ScalarJson = {
  expected: 'a number, or NaN, Infinity, -Infinity, -0 as text',
  write: value => (typeof value !== 'number' ? undefined : Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value)),
  read: json => (Number.isFinite(json) ? json : isText(json) && /^(?:NaN|-?Infinity|-0)$/.test(json) ? Number(json) : undefined),
}

function fitsDecimal(value: unknown): boolean {
  return isText(value) && /^-?\d{1,40}(?:\.\d{1,28})?$/.test(value) && value.replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length <= 15
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d:\d\d(?:\.\d{1,3}(\d{0,6}))?(?:Z|[+-]\d\d:\d\d)$/

/** The instant of a Date or of RFC 3339 text; `undefined` for days that no calendar has, of which `Date` makes others. The codec minds the years. */
function instant(value: unknown): Date | undefined {
  const [, day, beyondMs] = (isText(value) && rfc3339.exec(value)) || []
  if (!day && !(value instanceof Date)) return undefined
  const date = new Date(value as string | Date)
  // It has cut toward the past, and .NET cuts toward 1970.
  if (+date < 0 && Number(beyondMs) > 0) date.setTime(+date + 1)
  return !Number.isNaN(+date) && (!day || new Date(`${day}T00:00Z`).toISOString().startsWith(day)) ? date : undefined
}

const lowerGuid = (value: unknown): string | undefined =>
  isText(value) && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value) ? value.toLowerCase() : undefined

const dates: ScalarJson = {
  expected: 'RFC 3339 text such as 2020-01-02T03:04:05Z',
  write: value => instant(value)?.toISOString(),
  read: json => (isText(json) ? instant(json) : undefined),
}

/** `[-][d.]hh:mm:ss[.fffffff]`, as .NET prints it. */
const constant = /^(-?)(?:(\d+)\.)?([01]\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d{1,7})?)$/

function durationOf(value: unknown): string | undefined {
  if (!isText(value)) return undefined
  const [, sign, days, hours, minutes, seconds] = constant.exec(value) ?? []
  if (hours === undefined) return duration.test(value) ? value : undefined
  return `${sign}P${days === undefined ? '' : `${days}D`}T${hours}H${minutes}M${seconds}S`
}

const duration = /^-?P(?=\d|T\d)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d{1,7})?S)?)?$/

const byteText: ScalarJson = {
  expected: 'base64url text',
  write: value => (value instanceof Uint8Array ? bytesToBase64url(value) : undefined),
  read: json => (isText(json) && isBase64url(json) ? base64urlToBytes(json) : undefined),
  reference: true,
}

/** Every scalar type that has a JSON form of its own; not `object`, `void` and `dataStream`. */
export const scalarJson: Readonly<Record<string, ScalarJson>> = {
  bool: same('true or false', value => typeof value === 'boolean'),
  sbyte: smallInteger(-128, 127),
  byte: smallInteger(0, 255),
  int16: smallInteger(-32_768, 32_767),
  uint16: smallInteger(0, 65_535),
  int32: smallInteger(-2_147_483_648, 2_147_483_647),
  uint32: smallInteger(0, 2_147_483_647),
  int64: largeInteger(-(2n ** 63n), 2n ** 63n - 1n, 'an integer of 64 bits as decimal text'),
  uint64: largeInteger(0n, 2n ** 63n - 1n, 'an integer from 0 to 2^63-1 as text'),
  bigInteger: largeInteger(-longest, longest, 'an integer as decimal text'),
  float: floating,
  double: floating,
  decimal: same('decimal text of at most 15 digits', fitsDecimal),
  string: same('text', isText, true),
  char: text('one UTF-16 code unit', /^.$/s),
  guid: bothWays('a GUID', lowerGuid),
  dateTime: dates,
  dateTimeOffset: dates,
  dateOnly: text('a date such as 2020-01-02', /^\d{4}-\d\d-\d\d$/),
  timeOnly: text('a time such as 03:04:05', /^\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?$/),
  timeSpan: bothWays('an ISO 8601 duration such as PT2M, or hh:mm:ss', durationOf),
  uri: same('a URI', isText, true),
  version: text('two to four numbers with dots', /^\d+(?:\.\d+){1,3}$/, true),
  bytes: byteText,
}

const tags: Readonly<Record<string, string>> = {
  $numberLong: 'int64',
  $numberDouble: 'double',
  $date: 'dateTime',
  $binary: 'bytes',
  $uuid: 'guid',
}

/** The value of `{ "$numberLong": "5" }` and its like (the names of MongoDB Extended JSON), with its type; `undefined` for anything else. */
export function readTagged(json: unknown): { readonly $type: string; readonly $value: unknown } | undefined {
  // Of long text and lists it would make as many entries.
  const [[tag, content] = [], ...others] = isText(json) || Array.isArray(json) ? [] : Object.entries(json ?? {})
  const type = tags[tag ?? '']
  if (type === undefined || others.length > 0 || !isText(content)) return undefined
  const isNumber = type === 'double' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(content)
  const value = scalarJson[type]?.read(isNumber ? +content : content)
  return value === undefined ? undefined : { $type: type, $value: value }
}
