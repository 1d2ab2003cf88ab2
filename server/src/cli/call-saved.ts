import { readFile, stat } from 'node:fs/promises'
import { Download, type GatewayClient, GatewayError } from '@halibut-gateway/client'
import {
  type CallReport,
  type Collection,
  collectionLimits,
  parseExactJson,
  problemText,
  type ReadyCall,
  type RunReport,
  readCollection,
  runCollection,
  type Seen,
  type Values,
  withContent,
} from '@halibut-gateway/schemas/collection'
import { messageOf } from '../base/message-of.ts'
import { printable } from './columns.ts'
import type { ExitName } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, readSecret, withGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'

/** What says which saved calls are made, and with what. */
export interface SavedOptions extends GatewayOptions {
  readonly only?: readonly string[]
  readonly set?: readonly string[]
  readonly setFile?: readonly string[]
  readonly stopAtFailure?: boolean
}

/** Makes the calls of a file, and tells whether each came out as it should. */
export async function callSaved(path: string, options: SavedOptions, io: CliIo): Promise<ExitName> {
  const collection = await read(path)
  const values = saidValues(collection, options)
  for (const name of options.only ?? []) {
    if (!collection.calls.some(call => call.name === name))
      throw unknown(
        'call',
        name,
        collection.calls.map(call => call.name),
      )
  }
  const report = await withGateway(options, io, async (client, signal) => {
    const hasTags = collection.calls.some(({ name, tag }) => tag !== undefined && (options.only?.includes(name) ?? true))
    const agents = hasTags ? await client.agents({ signal }) : []
    return runCollection(collection, {
      ...(options.only === undefined ? {} : { only: options.only }),
      values,
      stopAtFailure: options.stopAtFailure ?? false,
      signal,
      agentsWith: tag =>
        agents
          .filter(({ tags }) => tags.includes(tag))
          .map(({ id }) => id)
          .sort(),
      send: call => send(client, call, signal),
      onReport: report => {
        if (!options.json) io.out(reportText(report))
      },
    })
  })
  io.out(options.json ? `${JSON.stringify(report)}\n` : `${summary(report)}\n`)
  if (report.passed) return 'done'
  return io.signal.aborted ? 'interrupted' : 'assertionFailed'
}

async function read(path: string): Promise<Collection> {
  const advice = 'correct the file; SAVED-CALLS.md tells what may stand in one'
  let text: string
  try {
    const { size } = await stat(path)
    // No character has more than four bytes.
    if (size > collectionLimits.chars * 4) throw new Error(`it has ${size} bytes`)
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError('usage', `${path}: ${messageOf(cause)}`, advice)
  }
  const found = readCollection(text)
  if ('collection' in found) return found.collection
  throw new CliError('usage', found.problems.map(problem => printable(`${path}: ${problemText(problem)}`)).join('\n'), advice)
}

/** What the command line says of variables. */
function saidValues({ variables = {} }: Collection, { set = [], setFile = [] }: SavedOptions): Values {
  const said: Record<string, unknown> = Object.create(null)
  const take = (text: string, option: string): [name: string, value: string] => {
    const at = text.indexOf('=')
    if (at <= 0) throw new CliError('usage', `${option} ${text}: there is no value in it`, `write it as ${option} name=value`)
    const name = text.slice(0, at)
    if (!Object.hasOwn(variables, name)) throw unknown('variable', name, Object.keys(variables))
    return [name, text.slice(at + 1)]
  }
  for (const each of set) {
    const [name, value] = take(each, '--set')
    if (variables[name]?.secret) {
      throw new CliError(
        'usage',
        `the variable ${name} is a secret, and everybody on this machine sees the arguments of a process`,
        `write its value into a file, and say --set-file ${name}=path`,
      )
    }
    said[name] = readValue(value)
  }
  for (const each of setFile) {
    const [name, path] = take(each, '--set-file')
    said[name] = readSecret(path, `the file of ${name}`)
  }
  return said
}

function readValue(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    return text
  }
}

function unknown(what: string, name: string, all: readonly string[]): CliError {
  return new CliError(
    'usage',
    `the file has no ${what} ${printable(name)}`,
    all.length === 0 ? `it has none at all` : `it has ${all.map(printable).join(', ')}`,
  )
}

const encoder = new TextEncoder()

async function send(client: GatewayClient, { agent, service, method, args, timeoutMs }: ReadyCall, signal: AbortSignal) {
  const startedMs = performance.now()
  try {
    const options = { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
    const { value, durationMs } = await client.agent(agent).invoke(
      service,
      method,
      withContent(args, text => encoder.encode(text)),
      options,
    )
    return { at: 'answered', value: withoutStreams(value), durationMs } as const
  } catch (error) {
    // That the gateway is not there, or lets nobody in, says nothing of the call.
    if (!(error instanceof GatewayError) || signal.aborted || client.state.at === 'failed') throw error
    return { at: 'failed', kind: error.kind, message: error.message, elapsedMs: performance.now() - startedMs } as const
  }
}

/** The content of a data stream is not looked at. */
function withoutStreams(value: unknown): unknown {
  if (value instanceof Download) {
    value.cancel()
    return { dataStream: { length: value.length } }
  }
  if (Array.isArray(value)) return value.map(withoutStreams)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutStreams(each)]))
}

function reportText({ name, agent, passed, seen, verdicts }: CallReport): string {
  const broken = verdicts.filter(verdict => !verdict.passed)
  const lines = [
    `${passed ? 'passed' : 'FAILED'}  ${name} at ${agent}${took(seen)}`,
    ...broken.map(verdict => {
      const where = verdict.path === undefined || verdict.assertion.startsWith(`${verdict.path} `) ? '' : ` at ${verdict.path}`
      return `        ${verdict.assertion}: expected ${verdict.expected}, seen ${verdict.seen}${where}`
    }),
  ]
  return lines.map(line => `${printable(line)}\n`).join('')
}

function took(seen: Seen): string {
  return seen.at === 'not_made' ? '' : `, ${Math.round(seen.at === 'answered' ? seen.durationMs : seen.elapsedMs)} ms`
}

function summary({ calls, left }: RunReport): string {
  const failed = calls.filter(({ passed }) => !passed).length
  const rest = left === 0 ? '' : `, ${left} not made`
  return `${calls.length - failed} passed, ${failed} failed${rest}`
}
