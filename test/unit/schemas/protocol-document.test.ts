import { readFileSync } from 'node:fs'
import { type MethodEntry, methods } from '@halibut-gateway/schemas'
import {
  type CloseReason,
  closeCodes,
  closeMeanings,
  errorTable,
  facadeLimits,
  hasRight,
  type Right,
  rightTable,
  roles,
} from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { defaultLimits, gatewayLimits, gatewayRuntimeLimits } from '../../../server/src/base/limits.ts'
import { callsPerItem } from '../../../server/src/rpc/methods/calls.ts'

const document = readFileSync(new URL('../../../schemas/PROTOCOL.md', import.meta.url), 'utf8')

/** The rows of the table between two marks, each as its cells. */
function tableOf(mark: string): string[][] {
  const [, text] = new RegExp(`<!-- ${mark} -->\\n([^]*?)<!-- /${mark} -->`).exec(document) ?? []
  if (text === undefined) throw new Error(`PROTOCOL.md has no table marked ${mark}`)
  const lines = text.trim().split('\n').slice(2)
  return lines.map(line => line.slice(2, -2).split(' | '))
}

test('the methods of PROTOCOL.md are those of the one map, in its order', () => {
  const rows = Object.entries(methods).map(([name, entry]: [string, MethodEntry]) => [
    `\`${name}\``,
    entry.description,
    `\`${entry.right}\``,
    entry.item ? 'items, then one' : 'one',
    entry.http === undefined ? '–' : `\`${entry.http}\``,
  ])
  expect(tableOf('methods')).toEqual(rows)
})

test('the rights of PROTOCOL.md are those of the code', () => {
  const rows = Object.entries(rightTable).map(([right, { meaning }]) => [
    `\`${right}\``,
    ...roles.map(role => (hasRight(role, right as Right) ? 'yes' : 'no')),
    meaning,
  ])
  expect(tableOf('rights')).toEqual(rows)
})

test('the limits of PROTOCOL.md are those of the code', () => {
  expect(tableOf('limits')).toEqual(Object.entries(facadeLimits).map(([name, value]) => [`\`${name}\``, String(value)]))
})

test('the limits that its sentences name are those of the code', () => {
  const mebibyte = 1024 * 1024
  const sentences = [
    `when it has waited for ${gatewayLimits.wholeFrameMs} ms`,
    `has taken ${gatewayLimits.wholeFrameMs} ms to come`,
    `while its agent is at most ${gatewayLimits.readAheadBytes / 1024} KiB behind`,
    `after \`${defaultLimits.streamStallMs / 1000} s\` the gateway takes the rest from the agent into a spool`,
    `when the spool is full (${defaultLimits.spoolFileBytes / mebibyte / 1024} GiB)`,
    `nobody has read for ${defaultLimits.streamUnreadMs / 60_000} minutes`,
    `(${gatewayLimits.keptResultBytes / 1024} KiB, ${gatewayLimits.allKeptResultsBytes / mebibyte} MiB of all)`,
    `"expiresInMs": ${gatewayLimits.ticketMs} }`,
    `It works once, within ${gatewayLimits.ticketMs / 1000} s`,
    `beyond ${gatewayLimits.failedSignIns} in a minute from one address 429`,
    `a string of 1 to ${facadeLimits.idChars} characters`,
    `(at most ${gatewayLimits.unfitResultChars / 1024} Ki characters, without data streams)`,
    `or ${gatewayRuntimeLimits.connectWaitMs / 60_000} minutes where that is not given either`,
    `the others keep ${gatewayLimits.waitingItems} items`,
    `An item has about ${gatewayLimits.watchItemChars / 1024} KiB`,
    `are gathered for ${gatewayLimits.agentChangesMs} ms`,
    `in parts of ${callsPerItem} calls`,
    `(of those that one may see the first ${gatewayLimits.callsAhead})`,
    `of the ${gatewayLimits.callWaits} calls that come next`,
    `nothing read for ${gatewayLimits.readerStallMs / 1000} s, not a part of a text, while more than ${gatewayLimits.writableBytes / 1024} KiB of text wait`,
  ]
  const text = document.replaceAll(/\s+/g, ' ')
  expect(sentences.filter(each => !text.includes(each))).toEqual([])
})

test('the close codes of PROTOCOL.md are those of the code', () => {
  const rows = Object.entries(closeCodes).map(([name, row]) => [
    String(row.code),
    `\`${name}\``,
    closeMeanings[name as CloseReason].by,
    row.retry ? 'yes' : 'no',
    closeMeanings[name as CloseReason].meaning,
  ])
  expect(tableOf('close codes')).toEqual(rows)
})

test('the errors of PROTOCOL.md are those of the code', () => {
  const rows = Object.entries(errorTable).map(([kind, row]) => [`\`${kind}\``, String(row.number), String(row.status), row.meaning])
  expect(tableOf('errors')).toEqual(rows)
})

test('no close code and no error code stands for two things', () => {
  const codes = Object.values(closeCodes).map(row => row.code)
  expect(new Set(codes).size).toBe(codes.length)
  const numbers = Object.values(errorTable).map(row => row.number)
  expect(new Set(numbers).size).toBe(numbers.length)
})
