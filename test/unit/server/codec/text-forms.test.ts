import { describe, expect, test } from 'vitest'
import { parseDate, parseDateOnly, parseTimeOnly } from '../../../../server/src/codec/date-text.ts'
import { decimalToDouble, doubleToDecimal, normaliseDecimal } from '../../../../server/src/codec/decimal-text.ts'
import { parseDouble, parseInteger, printDouble, roundHalfEven } from '../../../../server/src/codec/number-text.ts'
import { durationToTimeSpan, formatDuration, parseDuration, timeSpanToDuration } from '../../../../server/src/codec/time-span.ts'
import {
  arrayType,
  contractType,
  formatTypeName,
  parseTypeName,
  shortName,
  systemType,
  typeKey,
} from '../../../../server/src/codec/type-names.ts'
import { printUri } from '../../../../server/src/codec/uri-text.ts'

test.each([
  ['PT2M', '00:02:00'],
  ['PT1.5S', '00:00:01.5000000'],
  ['PT0.0000001S', '00:00:00.0000001'],
  ['-PT5S', '-00:00:05'],
  ['P1D', '1.00:00:00'],
  ['-P3DT4H5M6.007S', '-3.04:05:06.0070000'],
  ['P10675199DT2H48M5.4775807S', '10675199.02:48:05.4775807'],
  ['PT0S', '00:00:00'],
])('the duration %s is the TimeSpan %s, both ways', (duration, timeSpan) => {
  expect(durationToTimeSpan(duration)).toBe(timeSpan)
  expect(timeSpanToDuration(timeSpan)).toBe(duration)
})

test('durations beyond a TimeSpan, in months, or of nothing are none', () => {
  expect(['P10675200D', 'P1M', 'P', 'PT', 'P1DT', '1 day', ''].map(parseDuration)).toEqual(Array.from({ length: 7 }))
  expect(formatDuration(parseDuration('PT90M') ?? 0n)).toBe('PT1H30M')
})

test.each([
  ['HTTP://Foo.com/A b', 'http://foo.com/A b'],
  ['https://example.com:443/a%20b/%C3%A9?q=%2F1#frag', 'https://example.com/a b/é?q=%2F1#frag'],
  ['poll://SQ-TENTAPOLL', 'poll://sq-tentapoll/'],
  ['https://user%20x@Host:8443', 'https://user x@host:8443/'],
  ['https://x?a=%25%5C%00', 'https://x/?a=%25%5C%00'],
  ['https://x/%FF%C3', 'https://x/%FF%C3'],
  ['mailto:A@B.c', 'mailto:A@B.c'],
  ['file:///dir/a b.txt', 'file:///dir/a b.txt'],
  ['some/relative path', 'some/relative path'],
  ['file:///C:/Program%20Files/x', 'file:///C:/Program Files/x'],
  ['file://server\\share', 'file://server\\share'],
  ['C:\\dir\\x', 'C:\\dir\\x'],
  ['', ''],
  ['//host/path', '//host/path'],
  ['http:a', 'http:a'],
  ['poll:', 'poll:'],
  ['custom://', 'custom:///'],
  ['https://BÜCHER:443/Ü', 'https://bücher/Ü'],
  ['https://h:/x', 'https://h/x'],
  ['news://a~b', 'news://a~b'],
])('%s is printed as %s', (text, printed) => {
  expect(printUri(text)).toBe(printed)
})

test.each([
  ...[
    'http://',
    'https:///x',
    'http://?x',
    'http://a b/',
    'http://[::1',
    'http://[x]/',
    'http://host:99999/',
    'http://host:x/',
    'http://:80/',
  ],
  ...[
    'http://u@/x',
    'http://a~b/',
    'poll://{x}/',
    'http://a..b/',
    'http://.a/',
    'http://a%20b/',
    'http://a\\b',
    'file://u@h/',
    'file://h:1/',
    'x:y',
  ],
  `http://h/${'a'.repeat(65_519)}`,
])('%s is no URI that .NET takes', text => {
  expect(printUri(text)).toBeUndefined()
})

describe('decimals', () => {
  test('become the double that .NET makes of them', () => {
    expect(decimalToDouble('0.0000000000000000000000000001')).toBe(1.0000000000000001e-28)
    expect(decimalToDouble('1.2345678901234567890123456789')).toBe(1.234567890123457)
    expect(decimalToDouble('-79228162514264337593543950335')).toBe(-(2 ** 96))
    expect(['79228162514264337593543950336', 'x', '', '.'].map(decimalToDouble)).toEqual(Array.from({ length: 4 }))
  })
  test('come back with 15 digits, without exponent', () => {
    expect(doubleToDecimal(1.234567890123457)).toBe('1.23456789012346')
    expect(doubleToDecimal(1e-28)).toBe('0.0000000000000000000000000001')
    expect(doubleToDecimal(-0)).toBe('0')
    expect(doubleToDecimal(1e20)).toBe('100000000000000000000')
    expect([2 ** 96, Number.NaN, Number.POSITIVE_INFINITY].map(doubleToDecimal)).toEqual(Array.from({ length: 3 }))
  })
  test('keep their trailing zeros as text', () => {
    expect(['1.10', '+5', '007', '-0', '1e2'].map(text => normaliseDecimal(text))).toEqual(['1.10', '5', '7', '0', '100'])
  })
})

test('dates are cut toward 1970, and days that don’t exist are none', () => {
  expect(parseDate('1969-12-31T23:59:59.9995Z')).toBe(0)
  expect(parseDate('1969-12-31T23:59:59.999Z')).toBe(-1)
  expect(parseDate('2020-01-02T03:04:05.6789999Z')).toBe(1_577_934_245_678)
  expect(parseDate('2020-01-02T03:04:05+02:00')).toBe(1_577_927_045_000)
  expect(parseDate('2020-01-02T03:04:05')).toBe(new Date(2020, 0, 2, 3, 4, 5).getTime())
  expect(parseDate('0001-01-01T00:00:00Z')).toBe(-62_135_596_800_000)
  expect(['2020-02-30', '2020-13-01', '2020-01-01T25:00:00Z', 'soon', '0001-01-01T00:00:00+01:00'].map(parseDate)).toEqual(
    Array.from({ length: 5 }),
  )
  expect([parseDateOnly('2024-02-29'), parseDateOnly('2023-02-29')]).toEqual(['2024-02-29', undefined])
  expect([parseTimeOnly('03:04:05.6780000'), parseTimeOnly('03:04'), parseTimeOnly('24:00:00')]).toEqual([
    '03:04:05.678',
    '03:04:00',
    undefined,
  ])
})

test('numbers are printed and rounded as in .NET', () => {
  expect([1.5, 1e21, 1e15, 123_456_789, 5e-324, 0.0001, 0.00001, -0, Number.NaN, Number.NEGATIVE_INFINITY].map(printDouble)).toEqual([
    '1.5',
    '1E+21',
    '1E+15',
    '123456789',
    '5E-324',
    '0.0001',
    '1E-05',
    '-0',
    'NaN',
    '-Infinity',
  ])
  expect([2.5, 3.5, -2.5, 0.4999, 2 ** 60].map(roundHalfEven)).toEqual([2n, 4n, -2n, 0n, 2n ** 60n])
  expect(roundHalfEven(Number.NaN)).toBeUndefined()
})

describe('type names', () => {
  const text = systemType('System.String')
  const list = systemType('System.Collections.Generic.List`1', text)

  test('are written with simple assembly names, of the Framework or of modern .NET', () => {
    expect(formatTypeName(list, 'mscorlib')).toBe('System.Collections.Generic.List`1[[System.String, mscorlib]], mscorlib')
    const set = systemType('System.Collections.Generic.HashSet`1', text)
    expect(formatTypeName(set, 'mscorlib')).toBe('System.Collections.Generic.HashSet`1[[System.String, mscorlib]], System.Core')
    expect(formatTypeName(set, 'System.Private.CoreLib')).toBe(
      'System.Collections.Generic.HashSet`1[[System.String, System.Private.CoreLib]], System.Private.CoreLib',
    )
    expect(formatTypeName(arrayType(contractType('S.Outer+Inner, S')), 'mscorlib')).toBe('S.Outer+Inner[], S')
    expect(formatTypeName(contractType('S.Box`1, S', [list]), 'mscorlib')).toBe(
      'S.Box`1[[System.Collections.Generic.List`1[[System.String, mscorlib]], mscorlib]], S',
    )
  })

  test('are parsed in every form, and keep what tells types apart', () => {
    const dictionary =
      'System.Collections.Generic.Dictionary`2[[System.String, mscorlib],[S.P[], S, Version=1.0.0.0, Culture=neutral]], mscorlib'
    const parsed = parseTypeName(dictionary)
    expect(parsed && typeKey(parsed)).toBe('System.Collections.Generic.Dictionary`2[System.String|S.P[]]')
    expect(parsed?.args[1]).toEqual({ name: 'S.P', args: [], arrays: '[]', assembly: 'S' })
    expect(parseTypeName('System.Int32[,][], mscorlib')?.arrays).toBe('[,][]')
    expect(parsed && shortName(parsed)).toBe('Dictionary`2')
  })

  test('what is none is refused, whatever its length and depth', () => {
    const deep = `${'A`1[['.repeat(100)}A${']]'.repeat(100)}`
    const bad = ['', ',', '[]', 'A[', 'A]', 'A[[B]', 'A[[B]],', 'A[B', 'A, B]', 'x'.repeat(5_000), deep]
    expect(bad.map(name => [name.slice(0, 10), parseTypeName(name)])).toEqual(bad.map(name => [name.slice(0, 10), undefined]))
  })
})

test.each([
  ['digits', `${'1'.repeat(60_000)}x`],
  ['spaces', `${' '.repeat(60_000)}x`],
  ['commas', ','.repeat(60_000)],
])('long text of %s is no number, which is seen at once', (_what, text) => {
  const startedAt = performance.now()
  for (const parse of [parseInteger, parseDouble, normaliseDecimal, decimalToDouble]) expect(parse(text)).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(100)
})

test('spaces around a number do not count, and the longest double is one', () => {
  expect(parseDouble(` ${Number.MAX_VALUE} `)).toBe(Number.MAX_VALUE)
  expect(parseDouble('5.')).toBe(5)
  expect(parseDouble('.5e1')).toBe(5)
  expect(parseDouble(`0.${'0'.repeat(1_000)}1`)).toBe(0)
  expect(normaliseDecimal('\t+1.50 ')).toBe('1.50')
  expect(parseInteger(' -12 ')).toBe(-12n)
})
