import { open, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { Download } from '@halibut-gateway/client'
import { Command } from 'commander'
import { callArgument } from './call-arguments.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import { ProgressBar } from './progress.ts'
import { tellWaiting } from './waiting-line.ts'

interface CallVerbOptions extends GatewayOptions {
  readonly timeoutMs?: number
  readonly queueTimeoutMs?: number
  readonly idempotencyKey?: string
  readonly output?: string
}

/** `call`: one call to an agent, through the gateway. */
export function callVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('call'))
    .description('calls a service of an agent, and prints the answer as JSON')
    .argument('<agent>', 'the agent’s id')
    .argument('<service>', 'the name of the service')
    .argument('<method>', 'the name of the method, or a signature such as Add(int64,int64)')
    .argument('[arguments...]', 'each is JSON, else a text; @path is the content of a file')
    .option('--timeout-ms <ms>', 'how long all of it may take', milliseconds)
    .option('--queue-timeout-ms <ms>', 'how long it may wait for the agent', milliseconds)
    .option('--idempotency-key <key>', 'runs it once, however often it is called with this key')
    .option('--output <path>', 'where a data stream of the answer goes; default: to the output')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway call web-1 ICalculatorService 'Add(int64,int64)' 1 2
  $ halibut-gateway call web-1 IEchoService SayHello Ada
  $ halibut-gateway call web-1 IFileStoreService Upload notes.txt @notes.txt
  $ halibut-gateway call web-1 IFileStoreService Download notes.txt --output notes.txt
  $ halibut-gateway call web-1 ITroubleService Slow 60000 --timeout-ms 5000; echo $?
A text that looks like JSON is written as JSON: '"1"'. What follows -- is no option: call web-1 S M -- -1.`,
    )
    .action((agent: string, service: string, method: string, texts: string[], options: CallVerbOptions) =>
      plan(async io => {
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
