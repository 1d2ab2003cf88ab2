import { open, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { Download } from '@halibut-gateway/client'
import { Command } from 'commander'
import { callArgument } from './call-arguments.ts'
import { callSaved, type SavedOptions } from './call-saved.ts'
import { CliError } from './failure.ts'
import { withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { several, wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import { ProgressBar } from './progress.ts'
import { tellWaiting } from './waiting-line.ts'

interface CallVerbOptions extends SavedOptions {
  readonly saved?: string
  readonly timeoutMs?: number
  readonly queueTimeoutMs?: number
  readonly idempotencyKey?: string
  readonly output?: string
}

/** `call`: one call to an agent through the gateway, or those of a file. */
export function callVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('call'))
    .description('calls a service of an agent, and prints the answer as JSON')
    .usage('[options] <agent> <service> <method> [arguments...]\n       halibut-gateway call [options] --saved <path>')
    .argument('[agent]', 'the agent’s id')
    .argument('[service]', 'the name of the service')
    .argument('[method]', 'the name of the method, or a signature such as Add(int64,int64)')
    .argument('[arguments...]', 'each is JSON, else a text; @path is the content of a file')
    .option('--timeout-ms <ms>', 'how long all of it may take', milliseconds)
    .option('--queue-timeout-ms <ms>', 'how long it may wait for the agent', milliseconds)
    .option('--idempotency-key <key>', 'runs it once, however often it is called with this key')
    .option('--output <path>', 'where a data stream of the answer goes; default: to the output')
    .option('--saved <path>', 'a file of saved calls: makes them in their order, and tells which assertions hold')
    .option('--only <name>', 'of that file this call; may be there several times', several, [])
    .option('--set <name=value>', 'a variable of that file: JSON, else a text; may be there several times', several, [])
    .option('--set-file <name=path>', 'the same with the text of a file, as secrets are said', several, [])
    .option('--stop-at-failure', 'of that file no more calls after one that fails')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway call web-1 ICalculatorService 'Add(int64,int64)' 1 2
  $ halibut-gateway call web-1 IEchoService SayHello Ada
  $ halibut-gateway call web-1 IFileStoreService Upload notes.txt @notes.txt
  $ halibut-gateway call web-1 IFileStoreService Download notes.txt --output notes.txt
  $ halibut-gateway call web-1 ITroubleService Slow 60000 --timeout-ms 5000; echo $?
  $ halibut-gateway call --saved smoke.json --set who=Ada
A text that looks like JSON is written as JSON: '"1"'. What follows -- is no option: call web-1 S M -- -1.`,
    )
    .action(
      (agent: string | undefined, service: string | undefined, method: string | undefined, texts: string[], options: CallVerbOptions) =>
        plan(async io => {
          if (options.saved !== undefined) return callSaved(options.saved, savedOptions(options, agent), io)
          if (options.stopAtFailure || [options.only, options.set, options.setFile].some(each => each && each.length > 0)) {
            throw new CliError(
              'usage',
              '--only, --set, --set-file and --stop-at-failure are for the calls of a file',
              'name the file with --saved',
            )
          }
          if (agent === undefined || service === undefined || method === undefined) {
            throw new CliError('usage', 'an agent, a service and a method are needed', 'name them in this order, or a file with --saved')
          }
          const bar = new ProgressBar(io)
          const args = await Promise.all(
            texts.map(text => callArgument(text, (path, done, total) => bar.update(basename(path), done, total))),
          )
          await withGateway(options, io, async (client, signal) => {
            const { timeoutMs, queueTimeoutMs, idempotencyKey } = options
            const calling = client.agent(agent).invoke(service, method, args, {
              signal,
              ...(timeoutMs === undefined ? {} : { timeoutMs }),
              ...(queueTimeoutMs === undefined ? {} : { queueTimeoutMs }),
              ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
            })
            const endWaiting = tellWaiting(client, io)
            const result = await calling.finally(() => {
              endWaiting()
              bar.end()
            })
            if (result.value instanceof Download) await takeDownload(result.value, options, io)
            else if (options.json) io.out(`${JSON.stringify(result, withoutContent)}\n`)
            else io.out(`${JSON.stringify(result.value, withoutContent, 2)}\n`)
          })
          return 'done'
        }, options.json),
    )
}

/** Throws where the line says two things at once. */
function savedOptions(
  { only = [], timeoutMs, queueTimeoutMs, idempotencyKey, output, ...options }: CallVerbOptions,
  agent?: string,
): SavedOptions {
  const own = { '--timeout-ms': timeoutMs, '--queue-timeout-ms': queueTimeoutMs, '--idempotency-key': idempotencyKey, '--output': output }
  const [misplaced] = Object.entries({ ...own, [`the agent ${agent}`]: agent }).find(([, value]) => value !== undefined) ?? []
  if (misplaced !== undefined)
    throw new CliError('usage', `${misplaced} is for one call, and the calls of a file say it themselves`, 'leave it out')
  return { ...options, ...(only.length === 0 ? {} : { only }) }
}

const milliseconds = wholeNumber(999_999_999, ' of milliseconds')

/** A data stream that is a part of an answer is not read. */
function withoutContent(_key: string, value: unknown): unknown {
  return value instanceof Download ? { dataStream: { length: value.length } } : value
}

async function takeDownload(download: Download, { output, json }: CallVerbOptions, io: CliIo): Promise<void> {
  if (output === undefined) {
    if (json) throw new CliError('usage', 'the answer is a data stream, which is no JSON', 'say with --output where its content goes')
    // A bar among what is shown would be for nobody.
    const bar = new ProgressBar(io.terminal?.hasOut ? { ...io, terminal: undefined } : io)
    await withBar(bar, 'download', download, chunk => io.bytes(chunk))
    return
  }
  // Whoever looks at the file sees all of it or what was there before.
  const beside = `${output}.part`
  try {
    const file = await open(beside, 'w')
    try {
      await withBar(new ProgressBar(io), basename(output), download, async chunk => void (await file.write(chunk)))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, output)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  if (json) io.out(`${JSON.stringify({ output, length: download.length })}\n`)
  else io.err(`${download.length} bytes in ${output}\n`)
}

/** Takes all of a download, and shows how far it is. */
async function withBar(bar: ProgressBar, what: string, download: Download, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  let done = 0
  try {
    for await (const chunk of download) {
      await take(chunk)
      done += chunk.byteLength
      bar.update(what, done, download.length)
    }
  } finally {
    bar.end()
  }
}
